// What starting a backend writes to the console: why a wasm file did not start, which TensorFlow.js' error leaves out, and advice for Node
// that this library gives itself. Both are taken off the console, and the reason goes into the error.

const ABORTED = /^Aborted\((.*)\)/s;
const START_LINE =
  /^(?:failed to asynchronously prepare wasm|wasm streaming compile failed|falling back to ArrayBuffer instantiation|Aborted\()|looks like you are running TensorFlow\.js in Node\.js/;

/** Lines taken off the console. */
export interface StartLines {
  /** Why a wasm file did not start, in the runtime's words; `undefined` where nothing was written. */
  readonly aborted: () => string | undefined;
  /** Gives the console back. */
  readonly stop: () => void;
}

/** Takes these lines off `console.warn` until `stop`; every other line is written as usual. */
export function takeStartLines(): StartLines {
  const { warn } = console;
  const taken: string[] = [];
  let stopped = false;
  // Emscripten's loader keeps this function for as long as the backend lives.
  const filtered = (...words: unknown[]): void => {
    if (!stopped && START_LINE.test(String(words[0]))) taken.push(words.join(' '));
    else warn.apply(console, words);
  };
  console.warn = filtered;
  return {
    aborted: () => taken.map((line) => ABORTED.exec(line)?.[1]).find((reason) => reason !== undefined),
    stop: () => {
      stopped = true;
      if (console.warn === filtered) console.warn = warn;
    },
  };
}
