// Keeps the process listeners of Node.js unchanged when TensorFlow.js starts and disposes its wasm backend.

/** The events that Emscripten's loader listens to. */
const EVENTS = ['uncaughtException', 'unhandledRejection'] as const;

type Listener = (...parameters: unknown[]) => void;

/**
 * Matches the listeners of Emscripten. They rethrow uncaught errors, and Node.js then prints Emscripten's 15 kB line of minified code
 * before the error.
 */
const RETHROWS = /^function\s*\((?:ex|reason)\)\s*\{.*throw (?:ex|reason)/s;

/** Starts a backend and removes the listeners that Emscripten's loader has added. Listeners that the program adds meanwhile are kept. */
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

/** Runs `end` and restores the listeners that it removed. TensorFlow.js removes those of the program together with those of Emscripten. */
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

/** Returns the listeners of each event. Returns none in browsers, even if a bundler defines `process`. */
function listeners(): readonly (readonly Listener[])[] {
  const inNode = typeof process === 'object' && typeof (process as Partial<NodeJS.Process>).rawListeners === 'function';
  return inNode ? EVENTS.map((event) => process.rawListeners(event) as Listener[]) : [];
}
