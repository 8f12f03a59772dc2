// Loops over RGB images, four vector lanes at a time: three channels, and one value that the next pixel overwrites. The memory after every
// image must have space for that value. The kernels allocate no memory and contain no static data. The caller lays out the memory (kernels.ts).

/** Loads the pixel that starts at value `index`, and the first channel of the next pixel. */
@inline
function loadPixel(source: usize, index: i32, floats: bool): v128 {
  if (floats) return v128.load(source + (<usize>index << 2));
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(source + <usize>index))));
}

/** Interpolates from `near` to `far`, with the rounding of TensorFlow. */
@inline
function mix(near: v128, far: v128, share: v128): v128 {
  return f32x4.add(near, f32x4.mul(f32x4.sub(far, near), share));
}

@inline
function clip(value: v128): v128 {
  return f32x4.pmin(f32x4.splat(255), f32x4.pmax(f32x4.splat(0), value));
}

/**
 * Interpolates each output pixel from its four neighbors. A table entry has four values, the last of which is unused. In `columns`, they are
 * the indices of the first value of the left and right pixel within a source row, and the weight of the right pixel. In `rows`, they are the
 * same for the upper and lower row.
 */
@inline
function resize(source: usize, columns: usize, width: i32, rows: usize, height: i32, output: usize, floats: bool): void {
  const end = columns + (<usize>width << 4);
  for (let y = 0; y < height; y++, rows += 16) {
    const above = load<i32>(rows);
    const below = load<i32>(rows, 4);
    const down = v128.load32_splat(rows, 8);
    for (let column = columns; column < end; column += 16, output += 12) {
      const left = load<i32>(column);
      const right = load<i32>(column, 4);
      const aside = v128.load32_splat(column, 8);
      const upper = mix(loadPixel(source, above + left, floats), loadPixel(source, above + right, floats), aside);
      const lower = mix(loadPixel(source, below + left, floats), loadPixel(source, below + right, floats), aside);
      v128.store(output, mix(upper, lower, down));
    }
  }
}

export function resizeBytes(source: usize, columns: usize, width: i32, rows: usize, height: i32, output: usize): void {
  resize(source, columns, width, rows, height, output, false);
}

export function resizeFloats(source: usize, columns: usize, width: i32, rows: usize, height: i32, output: usize): void {
  resize(source, columns, width, rows, height, output, true);
}

/**
 * Interpolates points `first` to `last` of a line from their four neighbors in a float image of at least 2 x 2 pixels. Points outside are
 * moved to the edge. `output` is the address of point 0.
 */
export function sampleLine(
  source: usize, width: i32, height: i32, row: f64, column: f64, rowStep: f64, columnStep: f64, first: i32, last: i32, output: usize,
): void {
  const stride = 3 * width;
  const start = f64x2.replace_lane(f64x2.splat(row), 1, column);
  const step = f64x2.replace_lane(f64x2.splat(rowStep), 1, columnStep);
  const edge = f64x2.replace_lane(f64x2.splat(<f64>(height - 1)), 1, <f64>(width - 1));
  const corner = i32x4.replace_lane(i32x4.splat(height - 2), 1, width - 2);
  output += <usize>first * 12;
  for (let i = first; i < last; i++, output += 12) {
    const point = f64x2.pmin(edge, f64x2.pmax(f64x2.splat(0), f64x2.add(start, f64x2.mul(step, f64x2.splat(<f64>i)))));
    const cell = i32x4.min_s(corner, i32x4.trunc_sat_f64x2_s_zero(point));
    const rest = f32x4.demote_f64x2_zero(f64x2.sub(point, f64x2.convert_low_i32x4_s(cell)));
    const down = v128.shuffle<f32>(rest, rest, 0, 0, 0, 0);
    const aside = v128.shuffle<f32>(rest, rest, 1, 1, 1, 1);
    const y = i32x4.extract_lane(cell, 0);
    const x = i32x4.extract_lane(cell, 1);
    const at = source + <usize>((y * stride + 3 * x) << 2);
    const under = at + <usize>(stride << 2);
    const upper = v128.load(at);
    const lower = v128.load(under);
    const left = f32x4.add(upper, f32x4.mul(down, f32x4.sub(lower, upper)));
    const upperRight = v128.load(at, 12);
    const right = f32x4.add(upperRight, f32x4.mul(down, f32x4.sub(v128.load(under, 12), upperRight)));
    v128.store(output, f32x4.add(left, f32x4.mul(aside, f32x4.sub(right, left))));
  }
}

/** Multiplies every value by a factor, adds one number per channel and clips to [0, 255], in place. */
export function scaleAndShift(values: usize, pixels: i32, factor: f32, red: f32, green: f32, blue: f32): void {
  const scale = f32x4.splat(factor);
  // Four pixels are three vectors: RGBR GBRG BRGB.
  let first = f32x4.splat(red);
  first = f32x4.replace_lane(f32x4.replace_lane(first, 1, green), 2, blue);
  let second = f32x4.splat(green);
  second = f32x4.replace_lane(f32x4.replace_lane(second, 1, blue), 2, red);
  let third = f32x4.splat(blue);
  third = f32x4.replace_lane(f32x4.replace_lane(third, 1, red), 2, green);
  const end = values + <usize>((pixels + 3) >> 2) * 48;
  for (; values < end; values += 48) {
    v128.store(values, clip(f32x4.add(f32x4.mul(v128.load(values), scale), first)));
    v128.store(values, clip(f32x4.add(f32x4.mul(v128.load(values, 16), scale), second)), 16);
    v128.store(values, clip(f32x4.add(f32x4.mul(v128.load(values, 32), scale), third)), 32);
  }
}

/** Writes the sums of the three channels, as doubles, to `sums`. */
export function sumChannels(values: usize, pixels: i32, sums: usize): void {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  const end = values + <usize>pixels * 12;
  while (values < end) {
    // Float32 is precise enough for the sum of 256 pixels, but not for the sum of the image.
    let row = f32x4.splat(0);
    const stop = values + 12 * 256 < end ? values + 12 * 256 : end;
    for (; values < stop; values += 12) row = f32x4.add(row, v128.load(values));
    low = f64x2.add(low, f64x2.promote_low_f32x4(row));
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<f32>(row, row, 2, 3, 0, 1)));
  }
  v128.store(sums, low);
  v128.store(sums, high, 16);
}

/** Collects one channel of four RGB pixels, which are stored as RGBR GBRG BRGB. */
@inline
function everyThird(first: v128, second: v128, third: v128, channel: i32): v128 {
  if (channel == 0) return v128.shuffle<f32>(v128.shuffle<f32>(first, second, 0, 3, 6, 0), third, 0, 1, 2, 5);
  if (channel == 1) return v128.shuffle<f32>(v128.shuffle<f32>(first, second, 1, 4, 7, 0), third, 0, 1, 2, 6);
  return v128.shuffle<f32>(v128.shuffle<f32>(first, second, 2, 5, 0, 0), third, 0, 1, 4, 7);
}

@inline
function desaturate(channel: v128, high: v128, stretch: v128): v128 {
  return f32x4.pmax(f32x4.splat(0), f32x4.sub(high, f32x4.mul(f32x4.sub(high, channel), stretch)));
}

/** Scales the saturation in HSV, in place, by scaling the distances from the highest channel. The lowest channel stays at 0 or above. */
export function saturate(values: usize, pixels: i32, factor: f32): void {
  const plain = f32x4.splat(factor);
  const end = values + <usize>((pixels + 3) >> 2) * 48;
  for (; values < end; values += 48) {
    const first = v128.load(values);
    const second = v128.load(values, 16);
    const third = v128.load(values, 32);
    let red = everyThird(first, second, third, 0);
    let green = everyThird(first, second, third, 1);
    let blue = everyThird(first, second, third, 2);
    const high = f32x4.pmax(f32x4.pmax(red, green), blue);
    const range = f32x4.sub(high, f32x4.pmin(f32x4.pmin(red, green), blue));
    const stretch = v128.bitselect(f32x4.div(high, range), plain, f32x4.gt(f32x4.mul(range, plain), high));
    red = desaturate(red, high, stretch);
    green = desaturate(green, high, stretch);
    blue = desaturate(blue, high, stretch);
    const pairs = v128.shuffle<f32>(red, green, 0, 4, 1, 5);
    v128.store(values, v128.shuffle<f32>(v128.shuffle<f32>(red, green, 0, 4, 0, 1), blue, 0, 1, 4, 3));
    v128.store(values, v128.shuffle<f32>(v128.shuffle<f32>(pairs, blue, 3, 5, 0, 0), v128.shuffle<f32>(red, green, 2, 6, 0, 0), 0, 1, 4, 5), 16);
    v128.store(values, v128.shuffle<f32>(v128.shuffle<f32>(blue, red, 2, 7, 0, 3), green, 0, 1, 7, 3), 32);
  }
}
