// Stores features in the browser's IndexedDB.

import { check, text } from '../core/internal.js';
import { DataError } from '../core/index.js';
import type { FeatureStore, StoredFeatures } from './featureStore.js';

const ROWS = 'rows';

/**
 * Creates a store that keeps features in an IndexedDB database of the browser, for `trainHead` and `imageIndex`. Each batch is written as
 * a whole, so a page that is closed loses at most the batch that was being computed.
 *
 * Features of other networks are kept apart in the same database. `indexedDB.deleteDatabase(name)` removes all of them.
 *
 * @param name - Name of the database, which all pages of a site share.
 * @throws {OptionError} when the name is not a text.
 * @throws {DataError} when there is no IndexedDB, or the browser's space is used up. What was stored before remains.
 * @example
 * const { model } = await trainHead(backbone, { classNames, train, featureStore: featureDatabase('photos') });
 */
export function featureDatabase(name: string): FeatureStore {
  check('featureDatabase', 'name', name, text);
  return { open: (owner) => openRows(name, owner) };
}

async function openRows(name: string, owner: string): Promise<StoredFeatures> {
  const { indexedDB } = globalThis as { readonly indexedDB?: IDBFactory };
  if (indexedDB === undefined) {
    throw new DataError('featureDatabase: expected a browser with IndexedDB, found none. In Node, use featureFolder of `effnet-ts/node`.');
  }
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(ROWS);
  };
  const database = await settled(request, name);
  if (!database.objectStoreNames.contains(ROWS)) {
    database.close();
    throw new DataError(`featureDatabase: expected a database of this function, '${name}' has other contents. Give another name.`);
  }
  // Another page may want to delete the database.
  database.onversionchange = () => {
    database.close();
  };
  const rows = (mode: IDBTransactionMode): IDBObjectStore => {
    try {
      return database.transaction(ROWS, mode).objectStore(ROWS);
    } catch (cause) {
      throw failure(name, cause);
    }
  };
  const range = IDBKeyRange.bound([owner], [owner, []]);
  const keys = await settled(rows('readonly').getAllKeys(range), name);
  const known = new Set(keys.map((key) => (key as [string, string])[1]));
  return {
    has: (key) => known.has(key),
    read: async (wanted) => {
      const store = rows('readonly');
      return Promise.all(wanted.map((key) => settled(store.get([owner, key]) as IDBRequest<Float32Array>, name)));
    },
    add: async (added) => {
      const store = rows('readwrite');
      const written = new Promise<void>((resolve, reject) => {
        store.transaction.oncomplete = () => {
          resolve();
        };
        store.transaction.onabort = () => {
          reject(failure(name, store.transaction.error));
        };
      });
      for (const [key, row] of added) store.put(row, [owner, key]);
      await written;
      for (const key of added.keys()) known.add(key);
    },
    close: () => {
      database.close();
      return Promise.resolve();
    },
  };
}

function settled<T>(request: IDBRequest<T>, name: string): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      resolve(request.result);
    };
    request.onerror = () => {
      reject(failure(name, request.error));
    };
  });
}

function failure(name: string, cause: unknown): DataError {
  const { name: kind = '', message = 'the browser gives no reason' } = (cause ?? {}) as Partial<DOMException>;
  const isFull = kind === 'QuotaExceededError';
  return new DataError(
    isFull
      ? `featureDatabase: expected space for more features in '${name}', the browser's space for this site is used up. ` +
          'What was stored before remains. Free space by deleting old databases: `indexedDB.deleteDatabase(name)`.'
      : `featureDatabase: expected a database that can be used, received '${name}': ${message.replace(/\.$/, '')}.`,
    { cause },
  );
}
