// The items of a Dataset: any values, which may contain tensors. Clones, releases and describes them.

import * as tf from '@tensorflow/tfjs-core';
import { OptionError } from '../core/index.js';
import { show, typeName } from '../core/internal.js';

/** Disposes the tensors in an item that the pipeline drops. */
export function releaseItem(item: unknown): void {
  visit(item, (tensor) => {
    tensor.dispose();
    return tensor;
  });
}

/** Returns the item with its tensors cloned, so that the receiver may dispose them. An item without tensors is returned as it is. */
export function cloneItem<T>(item: T): T {
  return visit(item, (tensor) => {
    if (tensor.isDisposed) {
      throw new OptionError(
        'Dataset: expected items whose tensors are not disposed, received one that is. Keep the tensors while the dataset is read.',
      );
    }
    return tf.clone(tensor);
  }) as T;
}

/** Returns the tensors in an item by their path in it, such as `xs` or `xs.image`. The path is '' if the item itself is a tensor. */
export function tensorsOf(item: unknown, place = ''): Map<string, tf.Tensor> {
  if (isTensor(item)) return new Map([[place, item]]);
  if (!Array.isArray(item) && !isPlain(item)) return new Map();
  return new Map(Object.entries(item).flatMap(([key, part]) => [...tensorsOf(part, place === '' ? key : `${place}.${key}`)]));
}

/** Returns the `origin` of an image or record, if it has one. */
export function originOf(item: unknown): string | undefined {
  const origin = typeof item === 'object' && item !== null ? (item as { origin?: unknown }).origin : undefined;
  return typeof origin === 'string' ? origin : undefined;
}

/** Describes the structure of an item: `{ xs: float32 [8, 224, 224, 3], ys: float32 [8, 10] }`. */
export function describeItem(item: unknown): string {
  if (isTensor(item)) return `${item.dtype} [${item.shape.join(', ')}]`;
  if (ArrayBuffer.isView(item)) return `${item.constructor.name} [${(item as Uint8Array).length}]`;
  if (Array.isArray(item)) return item.length === 0 ? '[]' : `${item.length} of ${describeItem(item[0])}`;
  if (isPlain(item)) {
    return `{ ${Object.entries(item)
      .map(([key, value]) => `${key}: ${describeItem(value)}`)
      .join(', ')} }`;
  }
  if (item === null) return 'null';
  return typeof item === 'object' ? (typeName(item) ?? 'object') || show(item) : typeof item;
}

/** Reads one item and describes it. The item is released. */
export async function describeFirst(items: AsyncIterable<unknown>): Promise<string> {
  for await (const item of items) {
    const spec = describeItem(item);
    releaseItem(item);
    return spec;
  }
  return 'nothing';
}

function visit(value: unknown, replace: (tensor: tf.Tensor) => tf.Tensor): unknown {
  if (isTensor(value)) return replace(value);
  if (Array.isArray(value)) {
    const copy = value.map((part: unknown) => visit(part, replace));
    return copy.some((part, i) => part !== value[i]) ? copy : value;
  }
  if (!isPlain(value)) return value;
  let copy: Record<string, unknown> | undefined;
  for (const [key, part] of Object.entries(value)) {
    const visited = visit(part, replace);
    if (visited !== part) (copy ??= { ...value })[key] = visited;
  }
  return copy ?? value;
}

function isTensor(value: unknown): value is tf.Tensor {
  return value instanceof tf.Tensor;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export function isIterable(value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}
