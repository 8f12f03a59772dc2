// Checks that the tensors for model.fitDataset and model.evaluateDataset are finite. Layers such as relu6 would hide NaN and Infinity.

import { DataError } from '../core/index.js';
import { areFinite, readsAtOnce } from '../layers/internal.js';
import { releaseItem, tensorsOf } from './items.js';

/**
 * Reads items and checks that their tensors are finite. On a GPU the check takes until the next item, so an error comes one item late.
 *
 * @throws {DataError} from `next`. The message names the tensor, step and epoch.
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
