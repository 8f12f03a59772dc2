// Iterators over one pass of a dataset, which can be closed from outside while a caller has left them unfinished.

/** Reads a pass, which is opened when its first item is asked for; the iterator is one of `unfinished` until the pass ends. */
export function passReader<T>(open: () => AsyncIterable<T>, unfinished: Set<AsyncIterator<unknown>>): AsyncIterator<T> {
  let items: AsyncIterator<T> | undefined;
  let ended = false;
  const end = (): void => {
    ended = true;
    unfinished.delete(reader);
  };
  const reader: AsyncIterator<T> = {
    next: async () => {
      if (ended) return { done: true, value: undefined };
      if (items === undefined) {
        items = open()[Symbol.asyncIterator]();
        unfinished.add(reader);
      }
      try {
        const result = await items.next();
        if (result.done === true) end();
        return result;
      } catch (error) {
        end();
        throw error;
      }
    },
    return: async () => {
      end();
      await items?.return?.();
      return { done: true, value: undefined };
    },
  };
  return reader;
}

const forgotten = new FinalizationRegistry<AsyncIterator<unknown>>((reader) => {
  reader.return?.().catch(() => undefined);
});

/** Closes a reader once its handle is garbage collected. */
export function closeWhenForgotten(handle: object, reader: AsyncIterator<unknown>): void {
  forgotten.register(handle, reader);
}
