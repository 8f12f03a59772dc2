// Exports a model for transformers.js and transformers: its configuration, its preprocessor, its weights and its ONNX files.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { arrayOf, checkOptions, oneOf, rule } from '../../core/internal.js';
import { isEffnetError, OptionError } from '../../core/index.js';
import { requirePreprocessing } from '../../image/internal.js';
import { checkFiniteWeights, checkModel, variantPlanOf } from '../../models/internal.js';
import type { ModelPlan } from '../../scaling/index.js';
import { preprocessorConfigOf, transformersConfig } from '../../weights/internal.js';
import { weightsOf, type NamedArrays } from '../../weights/index.js';
import { modelTarget } from './modelTarget.js';
import { checkTransformersFolder, json, writeTransformersFolder } from './transformersFolder.js';
import { transformersWeights } from './transformersWeights.js';

/** Options of {@link exportTransformers}. */
export interface ExportTransformersOptions {
  /**
   * Which ONNX files are written.
   *
   * - `'float32'`: `model.onnx`, `fp32` in transformers.js.
   * - `'float16'`: `model_fp16.onnx`, `fp16` in transformers.js. It has half the size, and computes in float16, which is for GPUs.
   * - `'int8'`: `model_quantized.onnx`, `q8` in transformers.js. It has a quarter of the size. Its kernels are stored as int8 and
   *   computed in float32, so it takes the same time, and some probabilities change.
   *
   * @defaultValue ['float32', 'float16']
   */
  readonly dtypes?: readonly ('float32' | 'float16' | 'int8')[] | undefined;
}

/** Result of {@link exportTransformers}. */
export interface TransformersReport {
  /**
   * What the image processor of transformers does differently from the model's preprocessing, one phrase for each. Empty if both are the
   * same. transformers.js resizes images with sharp or a canvas, so it never computes exactly the same pixels.
   */
  readonly differences: readonly string[];
}

/** The ONNX files, with the names that transformers.js has for their data types. */
const DTYPES = {
  float32: { file: 'onnx/model.onnx', name: 'fp32' },
  float16: { file: 'onnx/model_fp16.onnx', name: 'fp16' },
  int8: { file: 'onnx/model_quantized.onnx', name: 'q8' },
} as const;

const each = arrayOf(oneOf('float32', 'float16', 'int8'));
const RULES = {
  dtypes: rule<NonNullable<ExportTransformersOptions['dtypes']>>(
    "one or more of 'float32', 'float16' and 'int8', each once,",
    (value) => each.accepts(value) && value.length > 0 && new Set(value).size === value.length,
    each.remedy,
  ),
};

/**
 * Exports an image classifier to a folder that `pipeline('image-classification', folder)` of transformers.js and
 * `AutoModelForImageClassification.from_pretrained(folder)` of transformers in Python open.
 *
 * The folder contains `config.json`, `preprocessor_config.json`, `model.safetensors` and the ONNX files. The input of these networks is
 * `pixel_values`, `[batch, 3, height, width]`, which the preprocessor has normalized, and the output is `logits`, `[batch, classes]`. If
 * the file that transformers.js opens by default is not among `dtypes`, `config.json` names another.
 *
 * An earlier export in the folder is replaced, and kept if exporting fails. Other files beside it are kept.
 *
 * @param model - An EfficientNet of the first generation (B0 to B8, L2, or a spec like theirs) with a softmax or linear classifier, a fixed
 *   input size and three channels.
 * @param folder - Missing folders are created.
 * @returns What transformers does differently before the network.
 * @throws {OptionError} when transformers has no equivalent of the network (Lite, V2, EdgeTPU, custom layers) or of its preprocessing, an
 *   option is unknown or invalid, or `folder` is the name of a file. Nothing is written then.
 * @throws {WeightsError} when a weight is not finite, or exceeds the range of float16 with `'float16'`.
 * @throws {DataError} when the folder contains other files and no earlier export, or cannot be written.
 * @example
 * const { differences } = await exportTransformers(model, './clothes');
 * await exportTransformers(model, './clothes', { dtypes: ['float32', 'int8'] }); // pages download a quarter of the size
 */
export async function exportTransformers(
  model: LayersModel,
  folder: string,
  options: ExportTransformersOptions = {},
): Promise<TransformersReport> {
  const where = 'exportTransformers';
  checkModel(where, model);
  const { dtypes = ['float32', 'float16'] } = checkOptions(where, options, RULES);
  const target = modelTarget(where, 'folder', folder);
  const config = transformersConfig(where, model);
  const plan = classifierPlan(where, model);
  const preprocessing = requirePreprocessing(where, model);
  const { config: preprocessor, differences } = preprocessorConfigOf(where, preprocessing, plan.normalization, plan.inputShape[2]);
  await checkTransformersFolder(where, target);
  await checkFiniteWeights(where, model);

  const arrays = await weightsOf(model);
  await refuseOtherLayers(where, model, plan, arrays);
  const named = await weightsOf(model, { layout: 'transformers' });
  // Protobuf takes long to load, so it is loaded only when it is needed.
  const { transformersOnnx } = await import('../../onnx/internal.js');
  const onnx = dtypes.map((dtype) => [DTYPES[dtype].file, () => transformersOnnx(where, plan, arrays, dtype)] as const);
  await writeTransformersFolder(where, target, {
    config: { ...config, ...defaultDtype(dtypes) },
    files: {
      'preprocessor_config.json': () => json(preprocessor),
      'model.safetensors': () => transformersWeights(named),
      ...Object.fromEntries(onnx),
    },
  });
  return { differences };
}

/** Returns the plan of a model that the pipelines can use. They take RGB images, and compute probabilities with softmax. */
function classifierPlan(where: string, model: LayersModel): ModelPlan {
  const plan = variantPlanOf(model);
  const refuse = (reason: string, remedy: string): OptionError =>
    new OptionError(
      `${where}: expected a softmax or linear classifier of RGB images of one size for \`model\`, received '${model.name}', which ${reason}. ${remedy}`,
    );
  if (plan?.classifier == null) throw refuse('has no classifier', 'Add one with `replaceHead`.');
  if (plan.classifierActivation === 'sigmoid') throw refuse('has a sigmoid classifier', 'transformers.js applies softmax to the logits.');
  if (plan.classes < 2) throw refuse('has one output', 'transformers.js applies softmax to the logits, so its probability is always 1.');
  const [height, width, channels] = plan.inputShape;
  if (channels !== 3) throw refuse(`takes images of ${channels} channels`, 'transformers.js converts images to RGB.');
  if (height === null || width === null)
    throw refuse('takes images of any size', 'Build it with an `inputSize`: transformers pads its convolutions for one size.');
  return plan;
}

async function refuseOtherLayers(where: string, model: LayersModel, plan: ModelPlan, arrays: NamedArrays): Promise<void> {
  const { partOutsidePlan } = await import('../../onnx/internal.js');
  let part: string | undefined;
  let cause: unknown;
  try {
    part = await partOutsidePlan(where, model, plan, arrays);
  } catch (error) {
    if (!isEffnetError(error)) throw error;
    cause = error;
  }
  if (part === undefined && cause === undefined) return;
  const reason = part === undefined ? 'has custom layers' : `differs from its plan at '${part}'`;
  throw new OptionError(
    `${where}: expected a network that transformers has, received '${model.name}', which ${reason}. ` +
      'transformers has the first generation of EfficientNet, B0 to B8 and L2, without custom parts.',
    { cause },
  );
}

/** transformers.js opens `q8` on WebAssembly and `fp32` elsewhere, unless config.json names a data type. */
function defaultDtype(dtypes: NonNullable<ExportTransformersOptions['dtypes']>): object {
  if (dtypes.includes('float32') && dtypes.includes('int8')) return {};
  const preferred = dtypes.includes('float32') ? 'float32' : dtypes.includes('int8') ? 'int8' : 'float16';
  return { 'transformers.js_config': { dtype: DTYPES[preferred].name } };
}
