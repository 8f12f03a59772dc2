// The fixtures in test/fixtures/image that contain one RGB image and the results of other frameworks for it.

import { readFileSync } from 'node:fs';
import type { Pixels } from '../../src/image/index.js';

/** An RGB image in a fixture. */
export interface FixtureImage {
  readonly height: number;
  readonly width: number;
  /** The values of all pixels, row by row. */
  readonly image: readonly number[];
}

/** Reads a JSON file of test/fixtures/image. */
export function readImageFixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../fixtures/image/${name}`, import.meta.url), 'utf8'));
}

/** Returns the pixels of an image in a fixture. */
export function fixturePixels({ height, width, image }: FixtureImage): Pixels {
  return { height, width, channels: 3, data: Uint8Array.from(image) };
}
