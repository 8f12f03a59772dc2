// A plan as a table for people.

import type { FeatureShape } from './layerPlan.js';
import type { ModelPlan } from './planModel.js';

const HEADINGS = ['block', 'type', 'kernel', 'stride', 'expand', 'filters', 'SE', 'drop', 'output', 'parameters', 'multiply-adds'];

/**
 * Prints a plan as a table: one line a block, then the sums.
 *
 * @example
 * console.log(describePlan(planModel('b0')));
 */
export function describePlan(plan: ModelPlan): string {
  const rows = [HEADINGS, row('stem', plan.stem, plan.activation)];
  for (const block of plan.stages.flatMap((stage) => stage.blocks)) {
    const { spec } = block;
    rows.push([
      block.name, block.type, `${spec.kernelSize}x${spec.kernelSize}`, String(spec.strides), String(spec.expandRatio), String(spec.filters),
      block.seFilters === 0 ? '' : String(block.seFilters), block.hasSkip && spec.dropRate > 0 ? spec.dropRate.toFixed(4) : '',
      shape(block.outputShape), grouped(block.parameters.total), grouped(block.multiplyAdds),
    ]);
  }
  rows.push(row('top', plan.top, plan.activation));
  if (plan.classifier !== null) rows.push(row('predictions', [plan.classifier], plan.classifierActivation));

  const { parameters } = plan;
  return [
    `${plan.name}: input ${shape(plan.inputShape)}, activation ${plan.activation}, padding ${plan.padding}`,
    table(rows),
    `${grouped(parameters.total)} parameters (${grouped(parameters.trainable)} trainable, ${grouped(parameters.nonTrainable)} moving statistics), ` +
      `${grouped(plan.multiplyAdds)} multiply-adds per image.`,
    ...(plan.normalization === 'imagenet' ? ["Keras counts 7 parameters more: its normalization layer's, which has no weights here."] : []),
  ].join('\n');
}

function row(name: string, layers: ModelPlan['stem'] | readonly [ModelPlan['stem'][0]], type: string): string[] {
  const [main] = layers;
  const parameters = layers.flatMap((layer) => layer.weights).reduce((sum, weight) => sum + weight.shape.reduce((a, b) => a * b, 1), 0);
  const kernel = main.kind === 'dense' ? '' : `${main.kernelSize}x${main.kernelSize}`;
  const filters = String(main.outputShape[2]);
  return [name, type, kernel, main.kind === 'dense' ? '' : String(main.strides), '', filters, '', '', shape(main.outputShape), grouped(parameters), grouped(main.multiplyAdds)];
}

function shape(lengths: FeatureShape): string {
  return lengths.map((length) => length ?? '?').join(' x ');
}

function grouped(value: number | null): string {
  return value === null ? 'size-dependent' : String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const left = new Set([0, 1]);
  const lines = rows.map((cells) =>
    cells.map((cell, column) => (left.has(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ').trimEnd());
  const rule = '-'.repeat(Math.max(...lines.map((line) => line.length)));
  return [lines[0], rule, ...lines.slice(1), rule].join('\n');
}
