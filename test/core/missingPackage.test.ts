import { describe, expect, test } from 'vitest';
import { absentPackage, missingPackage } from '../../src/core/internal.js';
import { isEffnetError, MissingPackageError } from '../../src/core/index.js';

/** The error for a package whose import fails with these words. */
function errorFor(name: string, message: string, code?: string, install?: string): MissingPackageError {
  const cause = Object.assign(new Error(message), code === undefined ? {} : { code });
  try {
    return missingPackage('decodeImage', name, install)(cause);
  } catch (error) {
    if (!(error instanceof MissingPackageError)) throw error;
    expect(error.cause).toBe(cause);
    return error;
  }
}

test.each([
  ['Node', "Cannot find package 'sharp' imported from /app/node_modules/effnet-ts/dist/node.js"],
  ['Node with require', "Cannot find module 'sharp'\nRequire stack:\n- /app/main.cjs"],
  ['webpack', "Cannot find module 'sharp'"],
  ['Vite', 'Could not resolve "sharp" imported by "effnet-ts". Is it installed?'],
  ['Chrome', "Failed to resolve module specifier 'sharp'"],
  [
    'Firefox',
    'The specifier “sharp” was a bare specifier, but was not remapped to anything. Relative module specifiers must start with “./”, “../” or “/”.',
  ],
  ['Safari', "Module name, 'sharp' does not resolve to a valid URL."],
])('a package that is not installed, in the words of %s', (_, message) => {
  const error = errorFor('sharp', message);
  expect(error.message).toBe("decodeImage: expected the package 'sharp', which is not installed. Run `npm install sharp`.");
  expect(error).toMatchObject({ name: 'MissingPackageError', package: 'sharp', installed: false });
  expect(isEffnetError(error)).toBe(true);
});

test('the error of this runtime is recognized', async () => {
  const name = '@far/away';
  await expect(import(name).catch(missingPackage('selectBackend', name))).rejects.toMatchObject({ package: name, installed: false });
});

test('the install command names packages that are needed together', () => {
  expect(errorFor('vega', "Cannot find package 'vega' imported from /app/plots.js", undefined, 'vega vega-lite').message).toMatch(
    /Run `npm install vega vega-lite`\.$/,
  );
});

describe('a package that is installed and cannot be loaded', () => {
  test.each([
    [
      'a package of its own is missing',
      "Cannot find package 'detect-libc' imported from /app/node_modules/sharp/lib.js",
      'ERR_MODULE_NOT_FOUND',
      "Cannot find package 'detect-libc' imported from /app/node_modules/sharp/lib.js",
    ],
    [
      'a file of it is missing',
      "Cannot find package '/app/node_modules/sharp/x.js' imported from /app/main.js",
      'ERR_MODULE_NOT_FOUND',
      "Cannot find package '/app/node_modules/sharp/x.js' imported from /app/main.js",
    ],
    [
      'it was built for another Node.js',
      "The module '/app/x.node'\nwas compiled against a different Node.js version using\nNODE_MODULE_VERSION 108.",
      'ERR_DLOPEN_FAILED',
      "The module '/app/x.node' was compiled against a different Node.js version using NODE_MODULE_VERSION 108",
    ],
    ['it was installed on another platform', '/app/x.node: invalid ELF header', 'ERR_DLOPEN_FAILED', '/app/x.node: invalid ELF header'],
    [
      'sharp has no binary here',
      'Could not load the "sharp" module using the linux-x64 runtime\nPossible solutions:\n- Ensure optional dependencies can be installed',
      undefined,
      'Could not load the "sharp" module using the linux-x64 runtime',
    ],
  ])('a reinstallation fixes it: %s', (_, message, code, reason) => {
    const error = errorFor('sharp', message, code);
    expect(error.message).toBe(
      `decodeImage: expected the package 'sharp', which is installed but cannot be loaded: ${reason}. ` +
        `Delete node_modules and run \`npm install\` on this machine.`,
    );
    expect(error.installed).toBe(true);
  });

  test.each([
    [
      'a library of the system is missing',
      'libvulkan.so.1: cannot open shared object file: No such file or directory',
      'ERR_DLOPEN_FAILED',
      'libvulkan.so.1: cannot open shared object file: No such file or directory',
    ],
    [
      'the system is too old',
      'Could not load the "sharp" module using the linux-x64 runtime\nERR_DLOPEN_FAILED: GLIBC_2.28 not found\nPossible solutions:\n- Update your OS',
      undefined,
      'Could not load the "sharp" module using the linux-x64 runtime ERR_DLOPEN_FAILED: GLIBC_2.28 not found',
    ],
    ['it throws', 'no adapter.', undefined, 'no adapter'],
  ])('a reinstallation is not proposed: %s', (_, message, code, reason) => {
    expect(errorFor('sharp', message, code).message).toBe(
      `decodeImage: expected the package 'sharp', which is installed but cannot be loaded: ${reason}.`,
    );
  });
});

test('paths are not mistaken for package names', () => {
  expect(absentPackage(new Error("Cannot find module './x.js' imported from /app/main.js"))).toBeUndefined();
  expect(absentPackage(new Error("Cannot find module 'C:\\app\\x.js'"))).toBeUndefined();
  expect(absentPackage(new Error("Cannot find package '@tensorflow/tfjs-node'"))).toBe('@tensorflow/tfjs-node');
  expect(absentPackage(undefined)).toBeUndefined();
});
