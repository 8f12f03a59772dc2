// Tells when a long-running command should end.

/**
 * Returns a signal that aborts with the given one, and when npm, which started this process, has ended. npm does not pass SIGTERM on to the
 * program of a script, which would otherwise go on alone.
 */
export function stopSignal(signal: AbortSignal): AbortSignal {
  if (process.env['npm_command'] === undefined) return signal;
  const parent = process.ppid;
  const orphaned = new AbortController();
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    orphaned.abort();
  }, 500);
  watch.unref();
  return AbortSignal.any([signal, orphaned.signal]);
}
