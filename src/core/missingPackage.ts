// Creates the error for an optional package that is missing or cannot be loaded.

import { MissingPackageError } from './errors.js';

/** Matches the message for a missing package in Node, Bun, webpack, Vite, Chrome, Firefox and Safari. */
const NOT_FOUND =
  /(?:Cannot find (?:package|module)|Could not resolve|Failed to resolve module specifier|The specifier|Module name,) ['"“](?<name>(?:@[\w.-]+\/)?[\w-][\w.-]*)['"”]/;

/** Matches load errors that a reinstallation fixes: a missing file, or a native module built for another platform or Node.js version. */
const REPAIRABLE =
  /MODULE_NOT_FOUND|NODE_MODULE_VERSION|invalid ELF header|wrong ELF class|incompatible architecture|not a valid Win32 application|"sharp" module using the \S+ runtime\nPossible/;

/** Returns the name of the package that an import did not find, or `undefined` for any other error. */
export function absentPackage(error: unknown): string | undefined {
  return NOT_FOUND.exec(messageOf(error).split('\n')[0] ?? '')?.groups?.['name'];
}

/**
 * Returns a handler for the failed import of an optional package: `import('sharp').catch(missingPackage('decodeImage', 'sharp'))`. The
 * import must contain the literal package name and its own `catch`, or bundlers do not accept that the package is missing.
 *
 * @param install - The packages to install. @defaultValue the package itself
 * @throws {MissingPackageError} when the handler is called.
 */
export function missingPackage(where: string, name: string, install = name): (cause: unknown) => never {
  return (cause) => {
    throw missingPackageError(where, name, cause, install);
  };
}

/** Creates the error that {@link missingPackage} throws. */
export function missingPackageError(where: string, name: string, cause: unknown, install = name): MissingPackageError {
  const installed = absentPackage(cause) !== name;
  const expected = `${where}: expected the package '${name}', which is`;
  const message = installed
    ? `${expected} installed but cannot be loaded: ${reason(cause)}.${remedy(cause)}`
    : `${expected} not installed. Run \`npm install ${install}\`.`;
  return new MissingPackageError(message, { package: name, installed, cause });
}

function messageOf(error: unknown): string {
  return String((error as { readonly message?: unknown } | null | undefined)?.message ?? error);
}

/** Returns the message without the lists that follow it. */
function reason(cause: unknown): string {
  const [text = ''] = messageOf(cause).split(/\n(?:Require stack|Possible solutions|\s*- )/);
  return text
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(/[.!]$/, '');
}

function remedy(cause: unknown): string {
  const code = (cause as { readonly code?: unknown } | null | undefined)?.code;
  return REPAIRABLE.test(`${String(code)} ${messageOf(cause)}`) ? ' Delete node_modules and run `npm install` on this machine.' : '';
}
