// Gradients of a 2D convolution (NHWC, filter [kh, kw, in, out]) as matrix products over patches.
// A 1 x 1 convolution with stride 1 needs no patches. All others copy their patches block by block.

import { addFloats, copyFloats } from './lanes';
import { addTransposedProduct, packedSize, packTransposed, productWithPacked, transposedProductScratch } from './matMul';

/** Returns the number of output pixels whose patches fit into a block of about a megabyte. */
@inline
function patchRows(patch: i32): i32 {
  return max(4, min(1024, (1 << 18) / patch) & ~3);
}

@inline
function isPointwise(kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32, height: i32, width: i32, outHeight: i32, outWidth: i32): bool {
  return (kernelHeight | kernelWidth | strideHeight | strideWidth) == 1 && (padTop | padLeft) == 0 && height == outHeight && width == outWidth;
}

/** Returns the number of scratch floats that the two gradients need. */
export function convolutionScratch(inputs: i32, outputs: i32, kernelHeight: i32, kernelWidth: i32): i32 {
  const patch = kernelHeight * kernelWidth * inputs;
  return patchRows(patch) * patch + max(transposedProductScratch(), packedSize(patch, outputs));
}

/** gradient [kh, kw, in, out] = the patches of x, transposed, times dy. */
export function convolutionFilterGradient(
  x: usize, dy: usize, gradient: usize, scratch: usize,
  batch: i32, height: i32, width: i32, inputs: i32, outHeight: i32, outWidth: i32, outputs: i32,
  kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
): void {
  const patch = kernelHeight * kernelWidth * inputs;
  const rows = batch * outHeight * outWidth;
  memory.fill(gradient, 0, (patch * outputs) << 2);
  if (isPointwise(kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft, height, width, outHeight, outWidth)) {
    addTransposedProduct(x, dy, gradient, rows, inputs, outputs, scratch);
    return;
  }
  const block = patchRows(patch);
  const patches = scratch + (transposedProductScratch() << 2);
  for (let start = 0; start < rows; start += block) {
    const count = min(block, rows - start);
    for (let row = 0; row < count; row++) {
      const to = patches + ((row * patch) << 2);
      const pixel = start + row;
      const image = pixel / (outHeight * outWidth);
      const within = pixel % (outHeight * outWidth);
      const top = (within / outWidth) * strideHeight - padTop;
      const left = (within % outWidth) * strideWidth - padLeft;
      copyPatch(x + ((image * height * width * inputs) << 2), to, height, width, inputs, kernelHeight, kernelWidth, top, left);
    }
    addTransposedProduct(patches, dy + ((start * outputs) << 2), gradient, count, patch, outputs, scratch);
  }
}

/** gradient [batch, height, width, in] = dy times the transposed filter. Each patch is added at its position. */
export function convolutionInputGradient(
  dy: usize, filter: usize, gradient: usize, scratch: usize,
  batch: i32, height: i32, width: i32, inputs: i32, outHeight: i32, outWidth: i32, outputs: i32,
  kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
): void {
  const patch = kernelHeight * kernelWidth * inputs;
  const rows = batch * outHeight * outWidth;
  const panels = scratch;
  packTransposed(filter, patch, outputs, panels);
  if (isPointwise(kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft, height, width, outHeight, outWidth)) {
    productWithPacked(dy, panels, gradient, rows, inputs, outputs);
    return;
  }
  memory.fill(gradient, 0, <usize>(batch * height * width * inputs) << 2);
  const block = patchRows(patch);
  const patches = scratch + (packedSize(patch, outputs) << 2);
  for (let start = 0; start < rows; start += block) {
    const count = min(block, rows - start);
    productWithPacked(dy + ((start * outputs) << 2), panels, patches, count, patch, outputs);
    for (let row = 0; row < count; row++) {
      const from = patches + ((row * patch) << 2);
      const pixel = start + row;
      const image = pixel / (outHeight * outWidth);
      const within = pixel % (outHeight * outWidth);
      const top = (within / outWidth) * strideHeight - padTop;
      const left = (within % outWidth) * strideWidth - padLeft;
      addPatch(from, gradient + ((image * height * width * inputs) << 2), height, width, inputs, kernelHeight, kernelWidth, top, left);
    }
  }
}

function copyPatch(image: usize, to: usize, height: i32, width: i32, channels: i32, kernelHeight: i32, kernelWidth: i32, top: i32, left: i32): void {
  const line = kernelWidth * channels;
  const first = max(0, -left);
  const last = min(kernelWidth, width - left);
  for (let ky = 0; ky < kernelHeight; ky++) {
    const y = top + ky;
    if (y < 0 || y >= height || first >= last) {
      memory.fill(to, 0, line << 2);
    } else {
      if (first > 0) memory.fill(to, 0, (first * channels) << 2);
      copyFloats(to + ((first * channels) << 2), image + (((y * width + left + first) * channels) << 2), (last - first) * channels);
      if (last < kernelWidth) memory.fill(to + ((last * channels) << 2), 0, ((kernelWidth - last) * channels) << 2);
    }
    to += line << 2;
  }
}

function addPatch(from: usize, image: usize, height: i32, width: i32, channels: i32, kernelHeight: i32, kernelWidth: i32, top: i32, left: i32): void {
  const first = max(0, -left);
  const last = min(kernelWidth, width - left);
  if (first >= last) return;
  for (let ky = 0; ky < kernelHeight; ky++) {
    const y = top + ky;
    if (y >= 0 && y < height) {
      addFloats(image + (((y * width + left + first) * channels) << 2), from + (((ky * kernelWidth + first) * channels) << 2), (last - first) * channels);
    }
  }
}
