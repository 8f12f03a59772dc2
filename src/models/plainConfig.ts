// Converts the configuration of a Keras layer to the values that TensorFlow.js reads.

import * as tf from '@tensorflow/tfjs-core';

/** Whether TensorFlow.js has a class of this name: a layer, an initializer, a regularizer or a constraint. */
export function isKnown(className: string): boolean {
  return Object.hasOwn(tf.serialization.SerializationMap.getMap().classNameMap, className);
}

/** Converts a configuration to plain values, as TensorFlow.js expects. Keras 3 wraps types, functions and objects. */
export function plainConfig(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).flatMap(([key, value]): [string, unknown][] => {
      if (key === 'batch_shape') return [['batch_input_shape', value]];
      if (key === 'dtype') return [[key, value === 'int32' || value === 'bool' ? value : 'float32']];
      return [[key, plainValue(value)]];
    }),
  );
}

function plainValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value !== 'object' || value === null) return value;
  const {
    class_name: className,
    config,
    value: inner,
  } = value as { readonly class_name?: unknown; readonly config?: unknown; readonly value?: unknown };
  // NumPy arrays and scalars.
  if (className === '__numpy__' || className === '__tensor__') return (config as { readonly value?: unknown }).value;
  if ((value as { readonly type?: unknown }).type === 'ndarray') return inner;
  if (className === 'function') return config;
  if (typeof className !== 'string') return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainValue(item)]));
  if (className === 'L1' || className === 'L2') return { class_name: 'L1L2', config: { l1: 0, l2: 0, ...(config as object) } };
  // Initializers, regularizers and constraints are dropped, because a trained model predicts without them.
  return isKnown(className) ? { class_name: className, config: plainValue(config) } : null;
}
