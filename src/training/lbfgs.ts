// Limited-memory BFGS, for smooth convex functions of some thousand numbers.

/** A function value and its gradient. */
export interface ValueAndGradient {
  readonly value: number;
  readonly gradient: Float64Array;
}

const MEMORY = 10;
const MAX_HALVINGS = 20;

/**
 * Returns a point where the function is about minimal: where no element of the gradient exceeds `tolerance`, or after `maxIterations`
 * steps, or where rounding allows no further step.
 *
 * @see Nocedal and Wright, Numerical Optimization, algorithm 7.5, with backtracking until the decrease is sufficient
 */
export async function lbfgs(
  evaluate: (point: Float64Array) => Promise<ValueAndGradient>,
  start: Float64Array,
  { tolerance, maxIterations }: { readonly tolerance: number; readonly maxIterations: number },
): Promise<Float64Array> {
  const pairs: { s: Float64Array; y: Float64Array; sy: number }[] = [];
  let point = start;
  let { value, gradient } = await evaluate(point);
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    if (gradient.every((each) => Math.abs(each) <= tolerance)) break;
    const direction = descent(gradient, pairs);
    const slope = dot(direction, gradient);
    // The first direction is the gradient, whose length says nothing about the distance to the minimum.
    let length = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
    let next = moved(point, direction, length);
    let found = await evaluate(next);
    for (let halving = 0; !(found.value <= value + 1e-4 * length * slope); halving++) {
      if (halving === MAX_HALVINGS) return point;
      length /= 2;
      next = moved(point, direction, length);
      found = await evaluate(next);
    }
    const s = moved(next, point, -1);
    const y = moved(found.gradient, gradient, -1);
    const sy = dot(s, y);
    if (sy > 0) pairs.push({ s, y, sy });
    if (pairs.length > MEMORY) pairs.shift();
    [point, value, gradient] = [next, found.value, found.gradient];
  }
  return point;
}

/** Multiplies the negative gradient by the approximate inverse of the Hessian. */
function descent(gradient: Float64Array, pairs: readonly { s: Float64Array; y: Float64Array; sy: number }[]): Float64Array {
  let result: Float64Array = gradient.map((each) => -each);
  const factors = pairs.toReversed().map(({ s, y, sy }) => {
    const factor = dot(s, result) / sy;
    result = moved(result, y, -factor);
    return factor;
  });
  const last = pairs.at(-1);
  if (last !== undefined) {
    const scale = last.sy / dot(last.y, last.y);
    result = result.map((each) => each * scale);
  }
  pairs.forEach(({ s, y, sy }, i) => {
    result = moved(result, s, (factors[pairs.length - 1 - i] as number) - dot(y, result) / sy);
  });
  return result;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** Returns `point + length * direction`. */
function moved(point: Float64Array, direction: Float64Array, length: number): Float64Array {
  const result = new Float64Array(point.length);
  for (let i = 0; i < point.length; i++) result[i] = (point[i] as number) + length * (direction[i] as number);
  return result;
}
