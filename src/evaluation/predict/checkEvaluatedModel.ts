import type { LayersModel } from '@tensorflow/tfjs-layers';
import { OptionError } from '../../core/index.js';
import type { Evaluation, MultiLabelEvaluation } from '../metrics/index.js';
import { knownClassNames } from './knownClassNames.js';

/**
 * Throws if an evaluation cannot be that of a model, because explanations of its predictions would be for other classes.
 *
 * @throws {OptionError} when the numbers of classes differ, or the class names are known and differ.
 */
export function checkEvaluatedModel(
  where: string,
  model: LayersModel,
  { classNames, multiLabel }: Evaluation | MultiLabelEvaluation,
): void {
  const remedy = 'Pass the model that was evaluated.';
  const outputs = model.outputs[0]?.shape.at(-1);
  // A single sigmoid output has two classes.
  if (outputs !== classNames.length && !(outputs === 1 && classNames.length === 2 && !multiLabel)) {
    throw new OptionError(
      `${where}: expected a model with the ${classNames.length} classes of the evaluation for \`model\`, ` +
        `received one with ${String(outputs)} outputs. ${remedy}`,
    );
  }
  const own = knownClassNames(model);
  // Evaluations without class names have the indices as names.
  if (own?.length !== classNames.length || classNames.every((name, i) => name === String(i))) return;
  const other = own.findIndex((name, i) => name !== classNames[i]);
  if (other < 0) return;
  throw new OptionError(
    `${where}: expected a model with the class names of the evaluation for \`model\`, received '${own[other]}' at index ${other}, ` +
      `where the evaluation has '${classNames[other]}'. ${remedy} If it is the same model, set these names with \`setClassNames\`.`,
  );
}
