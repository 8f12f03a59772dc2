// The image library of the Node entry, loaded when first needed: whoever decodes nothing need not install it.

import type sharp from 'sharp';
import { missingPackage } from '../../core/internal.js';

/** What the package exports. */
export type SharpModule = typeof sharp;

let loaded: SharpModule | undefined;

/** @throws {MissingPackageError} when sharp is not installed, or not for this platform. */
export async function loadSharp(where: string): Promise<SharpModule> {
  return loaded ?? (loaded = (await import('sharp').catch(missingPackage(where, 'sharp'))).default);
}
