// Summarizes a model by stage: shapes, parameters, multiply-adds and memory. For a network that is only planned, use `describePlan`.

import type { layers, LayersModel } from '@tensorflow/tfjs-layers';
import { check, checkOptions, positiveInteger, rule } from '../core/internal.js';
import { stageOf } from '../scaling/internal.js';
import { layersOf } from './layersOf.js';
import { multiplyAddsOf } from './multiplyAddsOf.js';
import { asLayersModel } from './modelParts.js';

/** Options of {@link modelSummary}. */
export interface ModelSummaryOptions {
  /** Batch size used to compute the memory of activations. @defaultValue 1 */
  readonly batchSize?: number | undefined;
}

/** Summary of one stage of a model: `input`, `stem`, `block1`, ..., `top`, `head`. */
export interface StageSummary {
  readonly name: string;
  readonly layers: number;
  /** Output shape of the last layer. Unknown sizes are `null`. */
  readonly outputShape: readonly (number | null)[];
  readonly parameters: number;
  /** Number of parameters that are currently trainable. */
  readonly trainable: number;
  /** Multiply-adds of convolutions and dense layers per image; `null` if the input size is unknown. */
  readonly multiplyAdds: number | null;
  /** Bytes of all layer outputs as float32 at the given batch size, which training keeps in memory; `null` if the input size is unknown. */
  readonly activationBytes: number | null;
}

/** Summary of a model by stage. */
export interface ModelSummary {
  readonly name: string;
  readonly batchSize: number;
  readonly stages: readonly StageSummary[];
  readonly total: Pick<StageSummary, 'layers' | 'parameters' | 'trainable' | 'multiplyAdds' | 'activationBytes'>;
}

/**
 * Returns the output shapes, parameters, multiply-adds and memory of a model by stage.
 *
 * @throws {OptionError} when the model is no layers model, or an option is unknown or has a wrong value.
 * @example
 * const { total } = modelSummary(efficientNet('b0'), { batchSize: 32 });
 * total.parameters; // 5330564
 */
export function modelSummary(model: LayersModel, options: ModelSummaryOptions = {}): ModelSummary {
  asLayersModel('modelSummary', model, false);
  const { batchSize = 1 } = checkOptions('modelSummary', options, { batchSize: positiveInteger });
  const groups = new Map<string, layers.Layer[]>();
  for (const layer of layersOf(model)) {
    const name = stageOf(layer.name);
    groups.set(name, [...(groups.get(name) ?? []), layer]);
  }
  const stages = [...groups].map(([name, members]): StageSummary => {
    const activations = plus(members.map(outputSize));
    return {
      name,
      layers: members.length,
      outputShape: shapeOf(members.at(-1) as layers.Layer),
      parameters: plus(members.map((layer) => sizes(layer.weights))) as number,
      trainable: plus(members.map((layer) => sizes(layer.trainableWeights))) as number,
      multiplyAdds: plus(members.map(multiplyAddsOf)),
      activationBytes: activations === null ? null : activations * 4 * batchSize,
    };
  });
  const total = (figure: 'layers' | 'parameters' | 'trainable' | 'multiplyAdds' | 'activationBytes'): number | null =>
    plus(stages.map((stage) => stage[figure]));
  return {
    name: model.name,
    batchSize,
    stages,
    total: {
      layers: total('layers') as number,
      parameters: total('parameters') as number,
      trainable: total('trainable') as number,
      multiplyAdds: total('multiplyAdds'),
      activationBytes: total('activationBytes'),
    },
  };
}

const summaryRule = rule<ModelSummary>('a summary, such as modelSummary() returns', (value) => {
  const { stages, total } = (value ?? {}) as Partial<ModelSummary>;
  return Array.isArray(stages) && typeof total === 'object' && (total as unknown) !== null;
});

/**
 * Formats a summary as a table.
 *
 * @example
 * console.log(summaryTable(modelSummary(model)));
 */
export function summaryTable(summary: ModelSummary): string {
  check('summaryTable', 'summary', summary, summaryRule);
  const { name, batchSize, stages, total } = summary;
  const rows = [
    ['stage', 'layers', 'output', 'parameters', 'trainable', 'multiply-adds', `activations at ${batchSize}`],
    ...stages.map((stage) => [
      stage.name,
      String(stage.layers),
      stage.outputShape
        .slice(1)
        .map((side) => side ?? '?')
        .join(' x '),
      ...figures(stage),
    ]),
    ['total', String(total.layers), '', ...figures(total)],
  ];
  const widths = (rows[0] as string[]).map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  const lines = rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number))).join('  '),
  );
  return [name, ...lines].join('\n');
}

function figures({ parameters, trainable, multiplyAdds, activationBytes }: ModelSummary['total']): string[] {
  const grouped = (value: number | null): string => (value === null ? 'size-dependent' : value.toLocaleString('en-US'));
  const megabytes = activationBytes === null ? 'size-dependent' : `${(activationBytes / 2 ** 20).toFixed(1)} MiB`;
  return [grouped(parameters), grouped(trainable), grouped(multiplyAdds), megabytes];
}

function outputSize(layer: layers.Layer): number | null {
  return layer.getClassName() === 'InputLayer' ? 0 : product(shapeOf(layer).slice(1));
}

function shapeOf(layer: layers.Layer): readonly (number | null)[] {
  const shape = layer.outputShape;
  return (Array.isArray(shape[0]) ? shape[0] : shape) as (number | null)[];
}

function sizes(weights: readonly { readonly shape: readonly (number | null)[] }[]): number {
  return weights.reduce((sum, { shape }) => sum + (product(shape) as number), 0);
}

function product(shape: readonly (number | null)[]): number | null {
  return shape.reduce<number | null>((size, side) => (size === null || side === null ? null : size * side), 1);
}

function plus(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>((sum, value) => (sum === null || value === null ? null : sum + value), 0);
}
