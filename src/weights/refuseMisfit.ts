// Creates the errors for files that do not fit a model.

import { showShape } from '../core/internal.js';
import { WeightsError, type WeightsMismatch } from '../core/index.js';
import type { ModelPlan, NetworkPlan } from '../scaling/index.js';
import { fileClassifiers } from './fileClassifiers.js';
import { isHeadWeight as isHead, scopesAround, type Fit } from './fitWeights.js';
import { describeOther, identifyVariant } from './identifyVariant.js';
import { entriesOf } from './layouts.js';
import type { NamedArrays } from './namedArrays.js';

/**
 * Throws an error with the reason and a remedy if weights do not fit.
 *
 * @param model - Name of the model.
 * @throws {WeightsError} with `strict`, when anything is missing, unknown, of the wrong shape or not finite. Without `strict`, when
 *   hardly any weight fits.
 */
export function refuseMisfit(
  where: string,
  model: string,
  plan: NetworkPlan,
  arrays: NamedArrays,
  fit: Fit,
  { strict, notFinite, isOwn, stock }: { strict: boolean; notFinite: readonly string[]; isOwn: boolean; stock: ModelPlan | undefined },
): void {
  const { missing, misshapen, unexpected, fitted } = fit;
  const all = plan.layers.flatMap(({ weights }) => weights);
  const isForeign = isOwn ? fitted.length === 0 : fitted.length < all.length / 2;
  if (!strict && !isForeign) return;
  if (missing.length + misshapen.length + unexpected.length > 0) {
    const misfits = [...missing, ...misshapen.map(({ weight }) => weight)].filter((weight) => !isHead(weight)).length;
    const weights = all.filter(({ name }) => !isHead(name)).length;
    const wanted = isOwn ? stock && backboneIn(arrays, stock, fit) : { weights, misfits };
    const other = wanted === undefined ? null : describeOther(identifyVariant(arrays, fit.layout, fit.prefix), wanted);
    const what =
      other === null
        ? []
        : [`the file ${other}, which is another network than ${isOwn ? `the one that '${model}' is made from` : `'${model}'`}`];
    if (misshapen.length > 0) what.push(`${misshapen.length} of ${all.length} weights do not fit: ${some(misshapen, showMismatch)}`);
    if (missing.length > 0 && other === null)
      what.push(`the file lacks ${missing.length} of ${all.length} weights: ${some(missing, quote)}`);
    if (unexpected.length > 0 && other === null)
      what.push(`${unexpected.length} of the file's arrays have no place in the model: ${some(unexpected, quote)}`);
    const advice =
      other !== null
        ? 'Build that network, or find the file of this one.'
        : isOwn
          ? ownRemedy(plan, fit, isForeign)
          : remedy(plan, arrays, fit);
    throw new WeightsError(`${where}: ${what.join('; ')}. ${advice}`, { mismatches: misshapen });
  }
  if (notFinite.length > 0) {
    throw new WeightsError(
      `${where}: ${notFinite.length} of the file's arrays contain NaN or Infinity: ` +
        `${some(notFinite, quote)}. The file is damaged, or its training diverged: use another one.`,
    );
  }
}

// Never suggests `strict: false` if it would leave random weights between loaded ones.
function remedy(plan: NetworkPlan, arrays: NamedArrays, { prefix, missing, misshapen, unexpected }: Fit): string {
  if (missing.length === 0 && misshapen.length === 0) return 'Pass `strict: false` to leave them out.';
  if (missing.length === 0 && unexpected.length === 0 && misshapen.every(({ weight }) => isHead(weight))) {
    return "Pass `head: 'skip'` to keep the model's own classifier, or build the model with the file's number of classes.";
  }
  if (misshapen.length === 0 && missing.every(isHead)) return classifierRemedy(plan, arrays, scopesAround(prefix));
  return 'The file is incomplete, or of another network: use the whole file of this one.';
}

function ownRemedy({ name, layers }: NetworkPlan, { missing, misshapen }: Fit, isForeign: boolean): string {
  if (isForeign) return `Nothing in the file has the name and shape of a weight of '${name}'.`;
  const unloaded = new Set([...missing, ...misshapen.map(({ weight }) => weight)]);
  const untouched = layers.filter(({ weights }) => weights.some((weight) => unloaded.has(weight.name)));
  if (untouched.length > 0 && [...unloaded].every(isHead)) return "Pass `head: 'skip'` to keep the model's own head.";
  if (untouched.length === 0) return 'Pass `strict: false` to leave them out.';
  return (
    `Pass \`strict: false\` to load what fits by name and shape. ` +
    `${untouched.length} of ${layers.length} layers then keep the weights they have, and need training: ` +
    `${some(untouched, (layer) => quote(layer.name))}.`
  );
}

/** For a model with custom parts, counts the weights of the network it is based on, and those missing from the file. */
function backboneIn(
  arrays: NamedArrays,
  stock: ModelPlan,
  { layout, prefix }: Fit,
): { readonly weights: number; readonly misfits: number } {
  const entries = entriesOf(layout, stock).filter(({ weight }) => !isHead(weight));
  return {
    weights: entries.length,
    misfits: entries.filter(({ array, fileShape }) => String(arrays.get(prefix + array)?.shape) !== String(fileShape)).length,
  };
}

/** Returns the remedy for a classifier that was not found under the expected name. */
function classifierRemedy({ classifier }: NetworkPlan, arrays: NamedArrays, scopes: readonly string[]): string {
  const keepOwn = "`head: 'skip'` to keep the model's own classifier";
  const [features, classes] = [classifier?.inputShape[2], classifier?.outputShape[2]];
  // Removes the innermost prefix that contains the layer, because the `classifier` option expects the name without it.
  const dense = fileClassifiers(arrays).map((layer) => ({
    ...layer,
    name: layer.name.slice(scopes.find((scope) => layer.name.startsWith(scope))?.length),
  }));
  const [first, second] = dense;
  if (first === undefined) return `Pass ${keepOwn}, or build the model with \`includeTop: false\`.`;
  const shown = dense.map((layer) => `'${layer.name}' (${layer.features} features to ${layer.classes})`).join(', ');
  const heads = dense.filter((layer) => layer.features === features);
  const fitting = heads.filter((layer) => layer.classes === classes);
  const [head] = fitting;
  if (head !== undefined && second === undefined)
    return `The file's dense layer is ${shown}. Pass \`classifier: '${head.name}'\` to load it, or ${keepOwn}.`;
  if (head !== undefined) {
    const choices = fitting.map(({ name }) => `\`classifier: '${name}'\``).join(' or ');
    return `The file's dense layers are ${shown}. Choose ${choices}, with \`strict: false\` to leave out the others, or pass ${keepOwn}.`;
  }
  if (heads[0] !== undefined && second === undefined) {
    return (
      `The file's dense layer is ${shown}. Build the model with \`classes: ${heads[0].classes}\` and pass \`classifier: ` +
      `'${heads[0].name}'\`, or pass ${keepOwn}.`
    );
  }
  return `The file's dense layers are ${shown}; the model has one of ${features} features to ${classes}. Pass ${keepOwn}.`;
}

const quote = (name: string): string => `'${name}'`;

function showMismatch({ weight, modelShape, fileShape }: WeightsMismatch): string {
  return `'${weight}': model ${showShape(modelShape)}, file ${showShape(fileShape)}`;
}

/** Lists the first few items as text. */
function some<T>(items: readonly T[], show: (item: T) => string): string {
  const shown = items.slice(0, 3).map(show).join('; ');
  return items.length > 3 ? `${shown} and ${items.length - 3} more` : shown;
}
