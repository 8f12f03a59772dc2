// What squeeze-and-excitation does to a map [batch, pixels, channels]: the mean over the pixels, and a factor for each channel.

import { addRows } from './batchNorm';
import { loadLanes, multiplyAdd, storeLanes } from './lanes';

/** mean [batch, channels] of x. */
export function pixelMean(x: usize, mean: usize, batch: i32, pixels: i32, channels: i32): void {
  memory.fill(mean, 0, (batch * channels) << 2);
  const line: usize = channels << 2;
  for (let image = 0; image < batch; image++) {
    addRows(x, mean, pixels, channels);
    for (let c = 0; c < channels; c++) f32.store(mean + (c << 2), f32.load(mean + (c << 2)) / <f32>pixels);
    x += pixels * line;
    mean += line;
  }
}

/** dx [batch, pixels, channels] = dy [batch, channels] / pixels, on every pixel alike. */
export function pixelMeanGradient(dy: usize, dx: usize, batch: i32, pixels: i32, channels: i32): void {
  const share = f32x4.splat(1 / <f32>pixels);
  const line: usize = channels << 2;
  for (let image = 0; image < batch; image++) {
    for (let c = 0; c < channels; c += 4) {
      const at: usize = c << 2;
      const lanes = min(4, channels - c);
      storeLanes(dx + at, f32x4.mul(loadLanes(dy + at, lanes), share), lanes);
    }
    for (let pixel = 1; pixel < pixels; pixel++) memory.copy(dx + pixel * line, dx, line);
    dx += pixels * line;
    dy += line;
  }
}

/** y = x times factor [batch, channels]. */
export function scaleChannels(x: usize, factor: usize, y: usize, batch: i32, pixels: i32, channels: i32): void {
  const line: usize = channels << 2;
  for (let image = 0; image < batch; image++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      let c = 0;
      for (; c + 4 <= channels; c += 4) {
        const at: usize = c << 2;
        v128.store(y + at, f32x4.mul(v128.load(x + at), v128.load(factor + at)));
      }
      if (c < channels) {
        const at: usize = c << 2;
        storeLanes(y + at, f32x4.mul(loadLanes(x + at, channels - c), loadLanes(factor + at, channels - c)), channels - c);
      }
      x += line;
      y += line;
    }
    factor += line;
  }
}

/** dx = dy times factor; dfactor [batch, channels] = the sum of dy x over the pixels. */
export function scaleChannelsGradient(x: usize, factor: usize, dy: usize, dx: usize, dfactor: usize, batch: i32, pixels: i32, channels: i32): void {
  const line: usize = channels << 2;
  memory.fill(dfactor, 0, (batch * channels) << 2);
  for (let image = 0; image < batch; image++) {
    for (let pixel = 0; pixel < pixels; pixel += 4) {
      const count = min(4, pixels - pixel);
      for (let c = 0; c < channels; c += 4) {
        const at: usize = c << 2;
        const lanes = min(4, channels - c);
        if (lanes == 4) gradientLanes(x + at, factor + at, dy + at, dx + at, dfactor + at, line, count, 4);
        else gradientLanes(x + at, factor + at, dy + at, dx + at, dfactor + at, line, count, lanes);
      }
      x += line * count;
      dy += line * count;
      dx += line * count;
    }
    factor += line;
    dfactor += line;
  }
}

@inline
function gradientLanes(x: usize, factor: usize, dy: usize, dx: usize, dfactor: usize, line: usize, count: i32, lanes: i32): void {
  const scale = loadLanes(factor, lanes);
  let sum = loadLanes(dfactor, lanes);
  for (let row = 0; row < count; row++) {
    const value = loadLanes(dy, lanes);
    storeLanes(dx, f32x4.mul(value, scale), lanes);
    sum = multiplyAdd(sum, value, loadLanes(x, lanes));
    x += line;
    dy += line;
    dx += line;
  }
  storeLanes(dfactor, sum, lanes);
}
