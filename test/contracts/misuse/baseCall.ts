/** A valid call, from which the misuse test generates wrong calls with one wrong argument or option each. */
export interface BaseCall {
  /** The arguments of the call, with every option that has one valid value at hand. Called once. */
  readonly args: () => readonly unknown[] | Promise<readonly unknown[]>;
  /** Generated calls that are valid although the types do not show it: `size = NaN`. */
  readonly right?: readonly string[];
  /** The object a method is called on. */
  readonly on?: () => object | Promise<object>;
}

/** By the name users call: `mbConv`, `Dataset.map`, `tensorBoard().scalar`. */
export type BaseCalls = Readonly<Record<string, BaseCall>>;
