// Loads sharp when it is first needed. Programs that decode no images do not have to install it.

import type sharp from 'sharp';
import { missingPackage } from '../../core/internal.js';

/** The default export of the package. */
export type SharpModule = typeof sharp;

let loaded: SharpModule | undefined;

/** @throws {MissingPackageError} when sharp is not installed, or not for this platform. */
export async function loadSharp(where: string): Promise<SharpModule> {
  return loaded ?? (loaded = (await import('sharp').catch(missingPackage(where, 'sharp'))).default);
}
