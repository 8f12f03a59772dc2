// An iterator over one pass of a dataset. It can be closed from outside when a caller has left it unfinished.

/** Reads a pass, which is opened when its first item is requested. From then until the pass ends, the iterator is in `unfinished`. */
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
