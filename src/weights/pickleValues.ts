// The values in a Python pickle, and what stands for its classes and functions.

/** A value in a pickle: dictionaries are Maps, lists and tuples are arrays, integers beyond 2^53 are bigints. */
export type PickleValue = unknown;

/** Replaces a Python function that a pickle calls. It gets the arguments that Python would pass. */
export type PickleGlobal = (...parameters: readonly PickleValue[]) => PickleValue;

/** A value that gets its content after it is created, as with Python's `__setstate__`. */
export interface Buildable {
  readonly build: (state: PickleValue) => void;
}

/** Resolves the references of a pickle. */
export interface PickleContext {
  /** Returns the function or constant `module.name`. `undefined` makes it a {@link PickleName}, which cannot be called. */
  readonly resolve: (name: string) => PickleValue;
  /** Returns the object for a persistent id. */
  readonly load: (id: PickleValue) => PickleValue;
}

/** A class or function that the context does not provide. It is kept by name and never called. */
export class PickleName {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** An object of an unknown class, with its items and attributes. */
export class PickleObject extends Map<PickleValue, PickleValue> {}
