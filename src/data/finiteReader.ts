// What model.fitDataset and model.evaluateDataset are handed: items whose tensors are finite. Layers such as relu6 would hide what is not.

import { DataError } from '../core/index.js';
import { areFinite, readsAtOnce } from '../layers/internal.js';
import { releaseItem, tensorsOf } from './items.js';

/**
 * Reads items and checks their tensors. Where results are read later, as on a GPU, an item is handed out before its check has come back,
 * and the error follows with the next one.
 *
 * @throws {DataError} by `next`, naming the tensor, step and epoch.
 */
export function finiteReader<T>(reader: AsyncIterator<T>, epoch: number): { next(): Promise<IteratorResult<T>> } {
  let step = 0;
  let checked: Promise<DataError | undefined> = Promise.resolve(undefined);
  return {
    next: async () => {
      await refuse();
      const result = await reader.next();
      if (result.done === true) return result;
      checked = problemOf(result.value, step++, epoch);
      checked.catch(() => undefined);
      if (readsAtOnce())
        await refuse().catch((error: unknown) => {
          releaseItem(result.value);
          throw error;
        });
      return result;
    },
  };

  async function refuse(): Promise<void> {
    const problem = await checked;
    if (problem === undefined) return;
    await reader.return?.();
    throw problem;
  }
}

async function problemOf(item: unknown, step: number, epoch: number): Promise<DataError | undefined> {
  const tensors = tensorsOf(item);
  const checks = await Promise.all([...tensors].map(async ([name, tensor]) => ({ name, isFinite: await areFinite([tensor]) })));
  for (const { name, isFinite } of checks) {
    if (isFinite) continue;
    return new DataError(
      `Dataset: expected finite numbers${name === '' ? '' : ` for \`${name}\``} at step ${step} of epoch ${epoch}, ` +
        `received NaN or Infinity. Look at that batch.`,
    );
  }
  return undefined;
}
