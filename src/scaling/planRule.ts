// The rule for arguments that must be the plan of an EfficientNet.

import { record, rule } from '../core/internal.js';
import type { ModelPlan } from './planModel.js';

/** The rule of {@link ModelPlan}. It rejects plans of networks that were built by hand. */
export const modelPlan = rule<ModelPlan>('a plan, as `planModel` returns it,', (value) => {
  const { name, layers, stages, stem, top, inputShape, parameters } = (record.accepts(value) ? value : {}) as Partial<ModelPlan>;
  return (
    typeof name === 'string' && [layers, stages, stem, top, inputShape].every((each) => Array.isArray(each)) && record.accepts(parameters)
  );
});
