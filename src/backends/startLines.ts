// Captures console messages while a backend starts. Some contain the reason for a failure, which is then added to the error; others are
// only noise.

const ABORTED = /^Aborted\((.*)\)/s;
const START_LINE =
  /^(?:failed to asynchronously prepare wasm|wasm streaming compile failed|falling back to ArrayBuffer instantiation|Aborted\()|looks like you are running TensorFlow\.js in Node\.js/;

/** The captured console messages. */
export interface StartLines {
  /** Returns the reason that the runtime gives for the failure of a wasm file, or `undefined` if there is none. */
  readonly aborted: () => string | undefined;
  /** Stops capturing. */
  readonly stop: () => void;
}

/** Captures the start messages written to `console.warn`. All other messages are printed as usual. */
export function takeStartLines(): StartLines {
  const { warn } = console;
  const taken: string[] = [];
  let stopped = false;
  // Emscripten's loader keeps a reference to this function as long as the backend exists.
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
