// Remembers which models a predictor consists of, so that it can be rebuilt with faster ones.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Predictor } from './predictor.js';

/** The models of a predictor. */
export interface WrappedModels {
  readonly models: readonly (LayersModel | Predictor)[];
  /** Creates the same predictor from other models, in the same order. */
  readonly rebuild: (models: readonly (LayersModel | Predictor)[]) => Predictor;
}

const wrapped = /* @__PURE__ */ new WeakMap<object, WrappedModels>();

/** Remembers the models of a predictor, and returns the predictor. */
export function wrapModels(predictor: Predictor, models: WrappedModels): Predictor {
  wrapped.set(predictor, models);
  return predictor;
}

/** Returns the models of a predictor, if it consists of models. */
export function wrappedModels(predictor: object): WrappedModels | undefined {
  return wrapped.get(predictor);
}
