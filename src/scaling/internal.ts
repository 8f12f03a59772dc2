export { countMultiplyAdds, countParameters, padName, planBatchNorm, planConv, planDepthwise } from './layerPlan.js';
export { channelStatistics, checkNormalization, normalization, pixelRescaling, PLAN_RULES } from './modelOptions.js';
export { NORM_ACT_RULES, oddInteger, planBlockFor, planSqueezeExcite, resolveNormAct } from './planBlock.js';
export { hasVariant, planFor } from './planModel.js';
export { modelPlan } from './planRule.js';
export { planStageFor } from './planStage.js';
export { stageOf } from './stageOf.js';
export { variantHint } from './variantHint.js';
