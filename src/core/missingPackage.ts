// One error for all optional packages: what to install when one is missing, and why one cannot be loaded.

import { MissingPackageError } from './errors.js';

/** How Node, Bun, webpack, Vite, Chrome, Firefox and Safari say that there is no such package. */
const NOT_FOUND =
  /(?:Cannot find (?:package|module)|Could not resolve|Failed to resolve module specifier|The specifier|Module name,) ['"“](?<name>(?:@[\w.-]+\/)?[\w-][\w.-]*)['"”]/;

/**
 * Failures of an installed package that a new installation repairs: a file of it is missing, or its native part is for another platform or
 * Node.js.
 */
const REPAIRABLE =
  /MODULE_NOT_FOUND|NODE_MODULE_VERSION|invalid ELF header|wrong ELF class|incompatible architecture|not a valid Win32 application|"sharp" module using the \S+ runtime\nPossible/;

/** The package that an import did not find; `undefined` for any other error. */
export function absentPackage(error: unknown): string | undefined {
  return NOT_FOUND.exec(messageOf(error).split('\n')[0] ?? '')?.groups?.['name'];
}

/**
 * Handles the failed import of an optional package: `import('sharp').catch(missingPackage('decodeImage', 'sharp'))`. Bundlers find the
 * package by the literal name, and accept that it is missing only where the import itself is caught.
 *
 * @param install - The packages to install. @defaultValue the package itself
 * @throws {MissingPackageError} when called.
 */
export function missingPackage(where: string, name: string, install = name): (cause: unknown) => never {
  return (cause) => {
    throw missingPackageError(where, name, cause, install);
  };
}

/** The error that {@link missingPackage} throws. */
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

/** The message without the lists that follow it. */
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
