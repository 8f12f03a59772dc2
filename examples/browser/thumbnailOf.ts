/** Returns a small copy of a photo, or `undefined` if the browser cannot decode it. */
export async function thumbnailOf(photo: Blob): Promise<HTMLCanvasElement | undefined> {
  const bitmap = await createImageBitmap(photo, { resizeHeight: 96 }).catch(() => undefined);
  if (bitmap === undefined) return undefined;
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas;
}
