// A line of a terminal that is redrawn in place. Other output appears above it.

/** A stream for progress, such as `process.stderr` or `process.stdout`. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** The last line of a terminal. */
export interface LiveLine {
  /** Replaces the text of the line. */
  draw(text: string): void;
  /** Keeps the text and moves to the next line. Does nothing when no text is shown. */
  finish(): void;
}

const ERASE = '\r\u001b[K';

/** Makes a live line. Other writes to the terminal erase its text first, and the next `draw` shows it again below them. */
export function liveLine(out: ProgressStream): LiveLine {
  let shown = false;
  /** Whether other output ended in the middle of a line. */
  let broken = false;
  let writing = false;
  let release: () => void = () => undefined;

  const write = (text: string): void => {
    writing = true;
    out.write(text);
    writing = false;
  };
  const close = (text: string): void => {
    if (!shown) return;
    shown = false;
    release();
    write(text);
  };
  const erase = (): void => {
    close(ERASE);
  };
  const finish = (): void => {
    close('\n');
  };
  const othersWrite = (text: unknown): void => {
    if (writing || !shown) return;
    erase();
    broken = !/^\r|\n$/.test(typeof text === 'string' ? text : Buffer.from(text as Uint8Array).toString('latin1'));
  };

  return {
    draw(text) {
      write(`${broken ? '\n' : ''}\r${text}\u001b[K`);
      broken = false;
      if (shown) return;
      shown = true;
      release = watch(out, othersWrite, erase, finish);
    },
    finish,
  };
}

/** Calls `before` before every write to the terminal, `onError` before an uncaught error is printed, and `onExit` when the process ends. */
function watch(out: ProgressStream, before: (text: unknown) => void, onError: () => void, onExit: () => void): () => void {
  const standard: readonly ProgressStream[] = [process.stdout, process.stderr];
  const streams = standard.includes(out) ? standard.filter(({ isTTY }) => isTTY === true) : [out];
  const restore = streams.map((stream) => {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with its stream below
    const { write } = stream;
    const own = Object.hasOwn(stream, 'write');
    const watched = (...parameters: [string]): unknown => {
      before(parameters[0]);
      return Reflect.apply(write, stream, parameters);
    };
    stream.write = watched;
    return () => {
      if (stream.write !== watched) return;
      if (own) stream.write = write;
      else Reflect.deleteProperty(stream, 'write');
    };
  });
  process.on('uncaughtExceptionMonitor', onError);
  process.on('exit', onExit);
  return () => {
    for (const each of restore) each();
    process.off('uncaughtExceptionMonitor', onError);
    process.off('exit', onExit);
  };
}
