export { describePlan } from './describePlan.js';
export type { FeatureShape, LayerPlan, LayerRole, ParameterCount, WeightPlan } from './layerPlan.js';
export type { ClassifierActivation, CompletePlanOptions, NetworkOptions, PlanModelOptions, WithoutTop, WithTop } from './modelOptions.js';
export { type BlockPlan, type BlockType, type MBConvSpec, type NormActSpec, planFusedMBConv, planMBConv } from './planBlock.js';
export { type ModelPlan, type NetworkOutline, type NetworkPlan, planModel, type ReductionPlan } from './planModel.js';
export { planStage, type StageLayersSpec, type StagePlan } from './planStage.js';
export { roundFilters, type RoundFiltersOptions } from './roundFilters.js';
export { roundRepeats } from './roundRepeats.js';
export { type Activation, type Normalization, type Padding, type StageSpec, type Variant, VARIANTS, type VariantSpec } from './variants.js';
