// Prints the plan of a network as a table.

import { check, record, rule } from '../core/internal.js';
import { countParameters, type FeatureShape, type LayerPlan } from './layerPlan.js';
import { hasVariant, type ModelPlan, type NetworkPlan } from './planModel.js';

const HEADINGS = ['block', 'type', 'kernel', 'stride', 'expand', 'filters', 'SE', 'drop', 'output', 'parameters', 'multiply-adds'];

const networkPlan = rule<NetworkPlan>('a plan, as `planModel` and `planOf` return it,', (value) => {
  const { name, inputShape, layers, parameters } = (record.accepts(value) ? value : {}) as Partial<NetworkPlan>;
  return typeof name === 'string' && Array.isArray(inputShape) && Array.isArray(layers) && typeof parameters?.total === 'number';
});

/**
 * Formats a plan as a table with one row per block, followed by the totals. A network that was built by hand has one row per layer.
 *
 * @throws {OptionError} when the argument is not a plan, for example a model.
 * @example
 * console.log(describePlan(planModel('b0')));
 */
export function describePlan(plan: NetworkPlan): string {
  check('describePlan', 'plan', plan, networkPlan);
  const { parameters } = plan;
  const options = hasVariant(plan) ? `, activation ${plan.activation}, padding ${plan.padding}` : '';
  return [
    `${plan.name}: input ${shape(plan.inputShape)}${options}`,
    table([HEADINGS, ...(hasVariant(plan) ? variantRows(plan) : plan.layers.map(ownRow))]),
    `${grouped(parameters.total)} parameters (${grouped(parameters.trainable)} trainable, ` +
      `${grouped(parameters.nonTrainable)} moving statistics), ` +
      `${grouped(plan.multiplyAdds)} multiply-adds per image.`,
    ...(plan.normalization === 'imagenet' ? ["Keras counts 7 parameters more: its normalization layer's, which has no weights here."] : []),
  ].join('\n');
}

function variantRows(plan: ModelPlan): string[][] {
  const rows = [row('stem', plan.stem, plan.activation)];
  for (const block of plan.stages.flatMap((stage) => stage.blocks)) {
    const { spec } = block;
    const type = block.layers.some(({ role }) => role === 'own') ? `${block.type}, own parts` : block.type;
    rows.push([
      block.name,
      type,
      `${spec.kernelSize}x${spec.kernelSize}`,
      String(spec.strides),
      String(spec.expandRatio),
      String(spec.filters),
      block.seFilters === 0 ? '' : String(block.seFilters),
      block.hasSkip && spec.dropRate > 0 ? spec.dropRate.toFixed(4) : '',
      shape(block.outputShape),
      grouped(block.parameters.total),
      grouped(block.multiplyAdds),
    ]);
  }
  rows.push(row('top', plan.top, plan.activation));
  if (plan.classifier !== null) rows.push(row('predictions', [plan.classifier], plan.classifierActivation));
  const listed = new Set(
    [...plan.stem, ...plan.stages.flatMap((stage) => stage.blocks.flatMap(({ layers }) => layers)), ...plan.top, plan.classifier].map(
      (layer) => layer?.name,
    ),
  );
  return [...rows, ...plan.layers.filter(({ name }) => !listed.has(name)).map(ownRow)];
}

function row(name: string, layers: readonly [LayerPlan, ...LayerPlan[]], type: string): string[] {
  const [main] = layers;
  const kernel = main.kind === 'dense' ? '' : `${main.kernelSize}x${main.kernelSize}`;
  const filters = String(main.outputShape[2]);
  return [
    name,
    type,
    kernel,
    main.kind === 'dense' ? '' : String(main.strides),
    '',
    filters,
    '',
    '',
    shape(main.outputShape),
    grouped(countParameters(layers).total),
    grouped(main.multiplyAdds),
  ];
}

function ownRow(layer: LayerPlan): string[] {
  return [
    layer.name,
    layer.kind,
    '',
    '',
    '',
    '',
    '',
    '',
    shape(layer.outputShape),
    grouped(countParameters([layer]).total),
    grouped(layer.multiplyAdds),
  ];
}

function shape(lengths: FeatureShape | readonly (number | null)[]): string {
  return lengths.map((length) => length ?? '?').join(' x ');
}

function grouped(value: number | null): string {
  return value === null ? 'size-dependent' : String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const left = new Set([0, 1]);
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) => (left.has(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  const rule = '-'.repeat(Math.max(...lines.map((line) => line.length)));
  return [lines[0], rule, ...lines.slice(1), rule].join('\n');
}
