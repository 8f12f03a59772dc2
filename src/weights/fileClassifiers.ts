// Finds the dense layers of a file that may be its classifier.

import type { NamedArrays } from './namedArrays.js';

/** A dense layer in a file. */
export interface FileClassifier {
  /** Value for the `classifier` option. */
  readonly name: string;
  readonly features: number;
  readonly classes: number;
}

/** Returns the dense layers of a file. */
export function fileClassifiers(arrays: NamedArrays): FileClassifier[] {
  return [...arrays].flatMap(([array, { shape }]) => {
    const [, name, kind] = /^(.*)(\/kernel|\.weight)$/.exec(array) ?? [];
    const [first, second, third] = shape;
    if (name === undefined || first === undefined || second === undefined || third !== undefined || name.startsWith('optimizer/'))
      return [];
    return [kind === '/kernel' ? { name, features: first, classes: second } : { name, features: second, classes: first }];
  });
}

/** Returns the classifier's name as the file spells it. HDF5 viewers show the Keras layer `dense` as `dense/dense`. */
export function classifierName(arrays: NamedArrays, classifier: string): string {
  const [outer, inner] = classifier.split('/').slice(-2);
  const isRepeated = outer === inner && !arrays.has(`${classifier}/kernel`);
  return isRepeated ? classifier.slice(0, classifier.lastIndexOf('/')) : classifier;
}
