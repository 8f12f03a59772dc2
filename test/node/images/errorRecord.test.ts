import { expect, test } from 'vitest';
import { DataError, MissingPackageError } from '../../../src/core/index.js';
import { packError, unpackError } from '../../../src/node/images/errorRecord.js';

test.each([
  [
    MissingPackageError,
    new MissingPackageError('no sharp', { package: 'sharp', installed: true, cause: new TypeError('no binary') }),
    { package: 'sharp', installed: true, cause: { name: 'TypeError' } },
  ],
  [DataError, new DataError('no image', { origin: 'cat.jpg' }), { origin: 'cat.jpg' }],
])('%o keeps what it carries between threads', (type, error, carried) => {
  const copy = unpackError(structuredClone(packError(error)));
  expect(copy).toBeInstanceOf(type);
  expect(copy).toMatchObject({ name: error.name, message: error.message, ...carried });
});
