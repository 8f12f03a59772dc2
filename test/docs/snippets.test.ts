// Every TypeScript snippet of the README, the guides and the examples' READMEs compiles against the sources. Nothing is run here: the first
// snippet of the README runs in test/package, the workflows in test/examples.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '..', '..');
const pages = ['README.md', ...readdirSync(path.join(ROOT, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];

// What the pages take for granted: things a reader has at that point. A name a snippet declares or imports itself is its own.
const GIVEN: Readonly<Record<string, string>> = {
  model: "import('@tensorflow/tfjs-layers').LayersModel",
  mine: "import('@tensorflow/tfjs-layers').LayersModel",
  backbone: "import('@tensorflow/tfjs-layers').LayersModel",
  tf: "typeof import('@tensorflow/tfjs-core')",
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
  files: "readonly import('effnet-ts/node').LabelledFile[]",
  bytes: 'Uint8Array',
  png: 'Uint8Array',
  url: 'string',
  held: "import('effnet-ts').Dataset<import('effnet-ts').ImageBatch>",
  evaluation: "import('effnet-ts').Evaluation",
  before: "import('effnet-ts').Evaluation",
  after: "import('effnet-ts').Evaluation",
  history: "readonly import('effnet-ts').HeadEpoch[]",
  runtime: "import('effnet-ts/onnx').Runtime",
  writeFile: "typeof import('node:fs/promises').writeFile",
  readFile: "typeof import('node:fs/promises').readFile",
  join: "typeof import('node:path').join",
  path: "typeof import('node:path')",
};
const ENTRIES = ['effnet-ts/node', 'effnet-ts/plots', 'effnet-ts/onnx', 'effnet-ts/hdf5', 'effnet-ts/wasm', 'effnet-ts/imagenet'];

interface Snippet {
  readonly place: string;
  readonly code: string;
}

function snippetsOf(page: string): Snippet[] {
  const text = readFileSync(path.join(ROOT, page), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => ({
    place: `${page}:${text.slice(0, match.index).split('\n').length + 1}`, code: match[1] ?? '',
  }));
}

/** A snippet as a module: the library's names it uses without importing them, and what is given, stand before it. */
function moduleOf(code: string): string {
  const source = ts.createSourceFile('snippet.ts', code, ts.ScriptTarget.ESNext, true);
  const used = new Set<string>();
  const own = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) used.add(node.text);
    if ((ts.isVariableDeclaration(node) || ts.isBindingElement(node) || ts.isImportSpecifier(node) || ts.isNamespaceImport(node) || ts.isFunctionDeclaration(node) || ts.isParameter(node)) && node.name && ts.isIdentifier(node.name)) own.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  const free = [...used].filter((name) => !own.has(name));
  const given = free.filter((name) => Object.hasOwn(GIVEN, name));
  // A snippet that shows its imports shows all of them.
  const imports = code.includes("from 'effnet-ts") ? [] : ENTRIES.flatMap((entry) => {
    const names = free.filter((name) => !given.includes(name) && exportedBy(entry).has(name));
    return names.length === 0 ? [] : [`import { ${names.join(', ')} } from '${entry}';`];
  });
  return [...imports, ...given.map((name) => `declare const ${name}: ${GIVEN[name] as string};`), code, 'export {};'].join('\n');
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
  const listed = [...text.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap((match) => (match[1] ?? '').split(',').map((name) => name.trim()).filter((name) => name !== ''));
  const declared = [...text.matchAll(/export (?:const|interface|function) (\w+)/g)].map((match) => match[1] as string);
  return [...listed, ...declared, ...(text.includes("export * from './index.js'") ? namesIn(path.join(path.dirname(file), 'index.ts')) : [])];
}

test('every snippet of the guides compiles against the sources', () => {
  const snippets = pages.flatMap(snippetsOf);
  expect(snippets.length).toBeGreaterThan(30);
  const folder = path.join(ROOT, 'test', 'docs', 'generated');
  const texts = new Map(snippets.map(({ code }, i) => [path.join(folder, `${i}.ts`), moduleOf(code)]));
  // What bundlers and packages of the reader's own bring.
  texts.set(path.join(folder, 'ambient.d.ts'), "declare module 'onnxruntime-web' { export * from 'onnxruntime-node'; }\ndeclare module '*?url' { const url: string; export default url; }");
  const { config } = ts.readConfigFile(path.join(ROOT, 'tsconfig.json'), (file) => readFileSync(file, 'utf8')) as { config: { compilerOptions: object } };
  const { options } = ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, noUnusedLocals: false, types: ['node'] }, ROOT);
  const host = ts.createCompilerHost(options);
  const plain = ts.createCompilerHost(options);
  host.readFile = (file) => texts.get(path.normalize(file)) ?? plain.readFile(file);
  host.fileExists = (file) => texts.has(path.normalize(file)) || plain.fileExists(file);
  host.getSourceFile = (file, languageVersion, ...rest) => {
    const text = texts.get(path.normalize(file));
    return text === undefined ? plain.getSourceFile(file, languageVersion, ...rest) : ts.createSourceFile(file, text, languageVersion);
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  const wrong = [...texts.keys()].flatMap((file, i) => ts.getPreEmitDiagnostics(program, program.getSourceFile(file)).map((diagnostic) =>
    `${snippets[i]?.place ?? ''}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`));
  expect(wrong).toEqual([]);
}, 300_000);
