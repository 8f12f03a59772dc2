// The paths of files and of the programs to compare with.

/** Returns a path inside this repository. */
export function fromRoot(path: string): string {
  return new URL(`../../${path}`, import.meta.url).pathname;
}

/** The folder that the setup.sh files fill; it ends with a slash. */
export const CACHE = fromRoot('.cache/bench/');

const python = `${CACHE}venv/bin/python`;

/** An environment with Keras on TensorFlow. */
export const KERAS_PYTHON = process.env['KERAS_PYTHON'] ?? python;

/** An environment with PyTorch. */
export const TORCH_PYTHON = process.env['TORCH_PYTHON'] ?? python;
