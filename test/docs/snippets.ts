// The snippets of the README and the guides and the examples of the docstrings, each as a module: compiled in snippets.test.ts, run in
// running.test.ts.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import ts from 'typescript';

export const ROOT = path.join(import.meta.dirname, '..', '..');
export const sources = globSync('src/**/*.ts', { cwd: ROOT });
export const pages = [
  'README.md',
  ...readdirSync(path.join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

// What the pages take for granted: things a reader has at that point. A name a snippet declares or imports itself is its own.
const GIVEN: Readonly<Record<string, string>> = {
  model: "import('@tensorflow/tfjs-layers').LayersModel",
  mine: "import('@tensorflow/tfjs-layers').LayersModel",
  backbone: "import('@tensorflow/tfjs-layers').LayersModel",
  train: "import('effnet-ts').Dataset<import('effnet-ts').ImageBatch>",
  validation: "import('effnet-ts').Dataset<import('effnet-ts').ImageBatch>",
  validationData: "import('effnet-ts').Dataset<import('effnet-ts').ImageBatch>",
  batches: "import('effnet-ts').Dataset<import('effnet-ts').ImageBatch>",
  classNames: 'readonly string[]',
  photo: "import('effnet-ts').Pixels",
  picture: "import('effnet-ts').Pixels",
  pictures: "AsyncIterable<import('effnet-ts').Pixels>",
  pixels: 'Float32Array',
  images: "import('@tensorflow/tfjs-core').Tensor4D",
  files: "readonly import('effnet-ts/node').LabeledFile[]",
  bytes: 'Uint8Array',
  png: 'Uint8Array',
  url: 'string',
  held: "import('effnet-ts').Dataset<import('effnet-ts').ImageBatch>",
  evaluation: "import('effnet-ts').Evaluation",
  before: "import('effnet-ts').Evaluation",
  after: "import('effnet-ts').Evaluation",
  history: "readonly import('effnet-ts').EpochMetrics[]",
  runtime: "import('effnet-ts/onnx').Runtime",
  writeFile: "typeof import('node:fs/promises').writeFile",
  readFile: "typeof import('node:fs/promises').readFile",
  join: "typeof import('node:path').join",
  path: "typeof import('node:path')",
};
/** What the examples of the docstrings take for granted beside that, or otherwise. */
const GIVEN_IN_SOURCES: Readonly<Record<string, string>> = {
  ...GIVEN,
  images: "import('effnet-ts').Dataset<import('effnet-ts').LabeledImage>",
  held: "import('effnet-ts').Evaluation",
  x: "import('@tensorflow/tfjs-layers').SymbolicTensor",
  ...Object.fromEntries(
    ['first', 'second', 'third', 'b0', 'b4', 'lite'].map((name) => [name, "import('@tensorflow/tfjs-layers').LayersModel"]),
  ),
  history: 'readonly { readonly epoch: number; readonly loss: number }[]',
  fineTuned: 'readonly { readonly epoch: number; readonly loss: number }[]',
  batch: "import('@tensorflow/tfjs-core').Tensor4D",
  input: 'HTMLInputElement',
  file: 'File',
  jpeg: 'Uint8Array',
  writable: "import('node:fs/promises').FileHandle",
  records: "import('effnet-ts').Dataset<import('effnet-ts').RecordOf<typeof import('effnet-ts').RECORD_SCHEMAS.flat>>",
};
const NAMESPACES: Readonly<Record<string, string>> = { tf: '@tensorflow/tfjs-core', tfl: '@tensorflow/tfjs-layers' };
export const ENTRIES = ['effnet-ts/node', 'effnet-ts/plots', 'effnet-ts/onnx', 'effnet-ts/hdf5', 'effnet-ts/wasm', 'effnet-ts/imagenet'];

export interface Snippet {
  /** File and line. */
  readonly place: string;
  readonly code: string;
  /** Why it is not run, as the comment before it says: `<!-- not run: downloads weights -->`. */
  readonly notRun: string | undefined;
}

/** The `@example` blocks of the documentation in a source file. */
export function examplesOf(page: string): Snippet[] {
  const text = readFileSync(path.join(ROOT, page), 'utf8');
  return [...text.matchAll(/^ *\* @example(?: .*)?\n((?: *\*(?! @|\/).*\n)+)/gm)].map((match) => ({
    place: `${page}:${text.slice(0, match.index).split('\n').length + 1}`,
    code: (match[1] ?? '').replaceAll(/^ *\* ?/gm, '').replaceAll(/^```.*$/gm, ''),
    notRun: 'an example of a docstring',
  }));
}

export function snippetsOf(page: string): Snippet[] {
  const text = readFileSync(path.join(ROOT, page), 'utf8');
  return [...text.matchAll(/^(?:<!-- not run: ([^\n]*?) -->\n+)?```ts\n(.*?)^```/gms)].map((match) => ({
    place: `${page}:${text.slice(0, match.index + match[0].indexOf('```ts')).split('\n').length + 1}`,
    code: match[2] ?? '',
    notRun: match[1],
  }));
}

/** A snippet as a module: the library's names it uses without importing them, and what is given, stand before it. */
export function moduleOf(
  { place, code }: Snippet,
  give = (name: string, type: string): string => `declare const ${name}: ${type};`,
): string {
  const source = ts.createSourceFile('snippet.ts', code, ts.ScriptTarget.ESNext, true);
  const used = new Set<string>();
  const own = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) used.add(node.text);
    if (
      (ts.isVariableDeclaration(node) ||
        ts.isBindingElement(node) ||
        ts.isImportSpecifier(node) ||
        ts.isNamespaceImport(node) ||
        ts.isFunctionDeclaration(node) ||
        ts.isParameter(node)) &&
      node.name &&
      ts.isIdentifier(node.name)
    )
      own.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  const free = [...used].filter((name) => !own.has(name));
  const things = place.startsWith('src/') ? GIVEN_IN_SOURCES : GIVEN;
  const given = free.filter((name) => Object.hasOwn(things, name));
  const namespaces = free
    .filter((name) => Object.hasOwn(NAMESPACES, name))
    .map((name) => `import * as ${name} from '${NAMESPACES[name] as string}';`);
  // A snippet that shows its imports shows all of them.
  const imports = code.includes("from 'effnet-ts")
    ? []
    : ENTRIES.flatMap((entry) => {
        const names = free.filter((name) => !given.includes(name) && exportedBy(entry).has(name));
        return names.length === 0
          ? []
          : [
              `import { ${names.map((name) => `${/^[A-Z][a-z]/.test(name) && name !== 'Dataset' ? 'type ' : ''}${name}`).join(', ')} } from '${entry}';`,
            ];
      });
  // The example of something internal uses what stands in its own file.
  const known = new Set(ENTRIES.flatMap((entry) => [...exportedBy(entry)]));
  const file = place.split(':')[0] as string;
  const internal = file.endsWith('.ts') ? namesIn(path.join(ROOT, file)).filter((name) => free.includes(name) && !known.has(name)) : [];
  if (internal.length > 0) imports.push(`import { ${internal.join(', ')} } from '${path.join(ROOT, file).replace(/\.ts$/, '.js')}';`);
  return [...namespaces, ...imports, ...given.map((name) => give(name, things[name] as string)), code, 'export {};'].join('\n');
}

const exported = new Map<string, Set<string>>();
function exportedBy(entry: string): Set<string> {
  const known = exported.get(entry);
  if (known !== undefined) return known;
  const earlier = ENTRIES.slice(0, ENTRIES.indexOf(entry)).flatMap((each) => [...exportedBy(each)]);
  const file = path.join(ROOT, 'src', `${entry.split('/')[1] as string}.ts`);
  const names = new Set(namesIn(file).filter((name) => !earlier.includes(name)));
  exported.set(entry, names);
  return names;
}

function namesIn(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const listed = [...text.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap((match) =>
    (match[1] ?? '')
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== ''),
  );
  const declared = [...text.matchAll(/export (?:const|interface|function) (\w+)/g)].map((match) => match[1] as string);
  return [
    ...listed,
    ...declared,
    ...[...text.matchAll(/export \* from '(.*)\.js'/g)].flatMap((match) =>
      namesIn(path.join(path.dirname(file), `${match[1] as string}.ts`)),
    ),
  ];
}
