// Keeps the listeners of Node's process as they are while TensorFlow.js starts and ends its wasm backend.

/** The events that Emscripten's loader listens to. */
const EVENTS = ['uncaughtException', 'unhandledRejection'] as const;

type Listener = (...parameters: unknown[]) => void;

/** Emscripten's listeners rethrow what nobody caught out of its one minified line, and Node prints those 15 kB before the error. */
const RETHROWS = /^function\s*\((?:ex|reason)\)\s*\{.*throw (?:ex|reason)/s;

/** Starts a backend, and removes the listeners that its loader added. Those that the program adds meanwhile stay. */
export async function withoutNewListeners<T>(start: () => Promise<T> | T): Promise<T> {
  const before = listeners();
  try {
    return await start();
  } finally {
    listeners().forEach((now, i) => {
      for (const each of now)
        if (before[i]?.includes(each) !== true && RETHROWS.test(String(each))) process.removeListener(EVENTS[i] as string, each);
    });
  }
}

/** Runs `end`, and adds the listeners again that it removed: TensorFlow.js takes all of the program's away with those of Emscripten. */
export function keepingListeners(end: () => void): void {
  const before = listeners();
  try {
    end();
  } finally {
    const after = listeners();
    before.forEach((had, i) => {
      for (const each of had) if (after[i]?.includes(each) !== true) process.on(EVENTS[i] as string, each);
    });
  }
}

/** The listeners of each event; none in browsers, also where a bundler puts a `process` there. */
function listeners(): readonly (readonly Listener[])[] {
  const inNode = typeof process === 'object' && typeof (process as Partial<NodeJS.Process>).rawListeners === 'function';
  return inNode ? EVENTS.map((event) => process.rawListeners(event) as Listener[]) : [];
}
