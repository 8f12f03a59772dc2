// Draws the size and cost of a network's blocks.

import { check } from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { modelPlan } from '../scaling/internal.js';
import type { FeatureShape, ModelPlan } from '../scaling/index.js';
import { chart, COLOURS, counted, type ChartSpec } from './chart.js';

/**
 * Draws the side length, channels and multiply-adds of every block of a plan.
 *
 * @throws {OptionError} when the value is not a plan of `planModel`, or its input size is unknown.
 * @example
 * const svg = await renderSvg(planChart(planModel('b0')));
 */
export function planChart(plan: ModelPlan): ChartSpec {
  check('planChart', 'plan', plan, modelPlan);
  if (plan.multiplyAdds === null) {
    throw new OptionError(
      'planChart: expected a plan with an input size, received one with a variable size. Pass `inputSize` to `planModel`.',
    );
  }
  const stepOf = (name: string, [height, , channels]: FeatureShape, multiplyAdds: number | null) => ({
    name,
    side: height ?? 0,
    channels,
    millions: (multiplyAdds ?? 0) / 1e6,
  });
  const steps = [
    stepOf('stem', plan.stem[0].outputShape, plan.stem[0].multiplyAdds),
    ...plan.stages.flatMap(({ blocks }) => blocks.map((block) => stepOf(block.name, block.outputShape, block.multiplyAdds))),
    stepOf('top', plan.top[0].outputShape, plan.top[0].multiplyAdds),
  ].map((step, index) => ({ ...step, index }));
  const first = steps[0] as (typeof steps)[number];
  const last = steps.at(-1) as (typeof steps)[number];
  const width = Math.max(360, Math.min(900, steps.length * 18));
  const panel = (field: string, title: string, color: string, height: number, labels: boolean): object => ({
    width,
    height,
    mark: { type: 'bar', color },
    encoding: {
      x: {
        field: 'name',
        type: 'ordinal',
        sort: steps.map(({ name }) => name),
        title: null,
        axis: { labels, ticks: labels, labelAngle: -60, labelOverlap: true },
      },
      y: { field, type: 'quantitative', title },
    },
  });
  return chart({
    title: {
      text: `Feature maps of ${plan.name}`,
      subtitle:
        `${counted(plan.parameters.total, 'parameter', 'parameters')}, ` +
        `${plan.multiplyAdds >= 1e8 ? `${(plan.multiplyAdds / 1e9).toFixed(2)} billion` : `${(plan.multiplyAdds / 1e6).toFixed(1)} million`} multiply-adds`,
    },
    description:
      `Feature maps of ${plan.name} over ${counted(steps.length - 2, 'block', 'blocks')}: ` +
      `from ${first.side} pixels and ${first.channels} channels to ${last.side} pixels and ${last.channels} channels.`,
    data: { values: steps },
    spacing: 12,
    vconcat: [
      panel('side', 'side in pixels', COLOURS.first, 110, false),
      panel('channels', 'channels', COLOURS.second, 110, false),
      panel('millions', 'million multiply-adds', COLOURS.quiet, 130, true),
    ],
  });
}
