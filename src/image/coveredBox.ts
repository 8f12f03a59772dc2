// Computes which part of an image is visible in the preprocessed input.

import type { Pixels } from './pixels.js';
import { sides } from './pixels.js';
import type { Preprocessing } from './preprocess.js';
import { paddedSides, sidesAround, sidesInside, sidesOfCrop } from './resizeTo.js';

/** A rectangle in fractions of an image's height and width. It extends outside [0, 1] if the image is padded. */
export interface CoveredBox {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Returns the part of an image that {@link preprocess} uses. The part is centered; the rounding of margins, less than one pixel, is
 * ignored.
 */
export function coveredBox(
  image: Pick<Pixels, 'height' | 'width'>,
  { inputSize, fit, cropFraction = 1, margins = 'floor' }: Preprocessing,
): CoveredBox {
  const wanted = sides(inputSize);
  const whole = [Math.floor(wanted[0] / cropFraction), Math.floor(wanted[1] / cropFraction)] as const;
  const centered = ([height, width]: readonly [number, number]): CoveredBox => ({
    top: (1 - height) / 2,
    left: (1 - width) / 2,
    height,
    width,
  });
  const shareOf = (part: readonly [number, number], total: readonly [number, number]): readonly [number, number] => [
    part[0] / total[0],
    part[1] / total[1],
  ];
  switch (fit) {
    case 'crop':
      return centered(shareOf(sidesOfCrop(image, wanted, cropFraction), [image.height, image.width]));
    case 'stretch':
      return centered(shareOf(wanted, whole));
    case 'resizeCrop':
      return centered(shareOf(wanted, sidesAround(image, whole)));
    case 'resizePad':
      return centered(shareOf(wanted, sidesInside(image, whole, margins)));
    case 'pad': {
      const padded = paddedSides(image, whole);
      const [height, width] = shareOf(wanted, whole);
      return centered([(height * padded[0]) / image.height, (width * padded[1]) / image.width]);
    }
  }
}
