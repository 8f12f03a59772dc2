// Measures what an audit finds of problems that were planted in the clothing photos: wrong labels, copies, and bad images. The features are
// Lite0's, computed once on ONNX Runtime. Then the parts after the features are timed with 10,000 synthetic images.
// npm run bench:audit                                         some minutes
// CLEANLAB_PYTHON=path/to/python npm run bench:audit          compares the suspected labels with cleanlab's

import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRandom, shuffled } from '../../src/core/internal.js';
import {
  areHashesWithin,
  compareAll,
  isNearDuplicate,
  LIMITS,
  CANDIDATES,
  outOfFold,
  readEntries,
  type FeatureEntry,
} from '../../src/evaluation/audit/internal.js';
import {
  type AuditableImage,
  adjustBrightness,
  centerCrop,
  decodeImage,
  efficientNet,
  encodeImage,
  evaluatePredictions,
  gaussianBlur,
  imageFolder,
  labelIssues,
  loadWeights,
  type Pixels,
  resize,
  selectBackend,
} from '../../src/node.js';
import { createRuntime } from '../../src/onnx.js';
import { describeMachine, machineLine } from '../support/machine.js';
import { fromRoot } from '../support/paths.js';
import { printTable } from '../support/results.js';

await selectBackend();
const features = efficientNet('lite0');
await loadWeights(features, await readFile(fromRoot('examples/data/weights/efficientnet-lite0.safetensors')));
const runtime = createRuntime;
const { files: train, classNames } = await imageFolder(fromRoot('examples/data/clothing/train'));
const { files: held } = await imageFolder(fromRoot('examples/data/clothing/validation'), { classNames });
const files = [...train, ...held];
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const seconds = (from: number): string => `${((performance.now() - from) / 1000).toFixed(1)} s`;

async function entriesOf(images: AsyncIterable<AuditableImage>): Promise<FeatureEntry[]> {
  return (await readEntries('bench', images, { features, runtime, classNames, preprocessing: features })) as FeatureEntry[];
}

const start = performance.now();
const originals = await entriesOf(
  (async function* () {
    for (const { path, label, origin } of files) yield { pixels: await decodeImage(path), label, origin };
  })(),
);
const reading = seconds(start);

/** Crops a share of the image. */
function cropped(image: Pixels, share: number): Pixels {
  return centerCrop(image, [Math.round(image.height * (1 - share)), Math.round(image.width * (1 - share))]);
}

async function recompressed(image: Pixels, quality: number): Promise<Pixels> {
  return decodeImage(await encodeImage(image, { format: 'jpeg', quality }));
}

const halved = (image: Pixels): Pixels =>
  bytes(resize(image, [Math.round(image.height / 2), Math.round(image.width / 2)], { interpolation: 'area' }));

/** Rounds to 8 bits, as a file does. */
function bytes(image: Pixels): Pixels {
  return { ...image, data: Uint8ClampedArray.from(image.data) };
}

const CHANGES: Readonly<Record<string, (image: Pixels) => Pixels | Promise<Pixels>>> = {
  'resized to half the size': halved,
  'JPEG, quality 20': (image) => recompressed(bytes(image), 20),
  'cropped by 5 %': (image) => cropped(image, 0.05),
  'cropped by 10 %': (image) => cropped(image, 0.1),
  'resized, cropped by 5 %, quality 50': (image) => recompressed(cropped(halved(image), 0.05), 50),
  blurred: (image) => gaussianBlur(image, Math.max(image.width, image.height) / 60),
  'darkened to a fifth': (image) => ({ ...image, data: image.data.map((value) => value / 5) }),
  'brightened by 200': (image) => adjustBrightness(image, 200 / 255),
};

const chosen = shuffled([...files.keys()], createRandom(1)).slice(0, 100);
const changed = new Map<string, FeatureEntry[]>();
for (const [name, change] of Object.entries(CHANGES)) {
  const copies = await entriesOf(
    (async function* () {
      for (const i of chosen) {
        const { path, label, origin } = files[i] as (typeof files)[number];
        yield { pixels: await change(await decodeImage(path)), label, origin };
      }
    })(),
  );
  changed.set(name, copies);
}

console.log(machineLine(describeMachine()));
console.log(`\nReading ${files.length} photos and computing their features: ${reading}`);

// Copies.
const yieldNothing = (): Promise<void> => Promise.resolve();
async function nearPairs(entries: readonly FeatureEntry[]): Promise<readonly (readonly [number, number, number])[]> {
  const { pairs } = await compareAll(
    entries.map((entry) => entry.features),
    {
      similarity: CANDIDATES.similarity,
      looksAlike: (a, b) =>
        areHashesWithin((entries[a] as FeatureEntry).measures.hash, (entries[b] as FeatureEntry).measures.hash, CANDIDATES.hashDistance),
      onRow: yieldNothing,
    },
  );
  return pairs.filter((pair) => isNearDuplicate(pair, entries)).map(({ first, second, similarity }) => [first, second, similarity]);
}
const among = await nearPairs(originals);
console.log(`\nPairs of copies among the original photos: ${among.length}`);
for (const [a, b, similarity] of among) console.log(`${similarity.toFixed(3)}  ${files[a]?.origin}  ${files[b]?.origin}`);
const rows: string[][] = [];
for (const [name, copies] of [...changed].slice(0, 5)) {
  const pairs = await nearPairs([...originals, ...copies]);
  const isCopy = ([a, b]: readonly [number, number, number]): boolean => b - originals.length >= 0 && chosen[b - originals.length] === a;
  const found = pairs.filter(isCopy).length;
  // A photo that has a real duplicate pairs with the copies of that one, too.
  const known = new Set(among.flatMap(([a, b]) => [a, b]));
  const wrong = pairs.filter((pair) => !isCopy(pair) && pair[1] >= originals.length && !known.has(pair[0]));
  rows.push([name, percent(found / chosen.length), String(wrong.length)]);
}
printTable(`Copies of ${chosen.length} photos among ${files.length}`, ['copy', 'found', 'false pairs'], rows);

// Bad images.
const judge: Readonly<Record<string, (entry: FeatureEntry) => boolean>> = {
  blurred: ({ measures }) => measures.sharpness < LIMITS.blurred,
  'darkened to a fifth': ({ measures }) => measures.highlights < LIMITS.dark,
  'brightened by 200': ({ measures }) => measures.shadows > LIMITS.overexposed,
};
printTable(
  'Bad images',
  ['change', 'reported of changed photos', 'reported of all original photos'],
  Object.entries(judge).map(([name, isBad]) => [
    name,
    percent((changed.get(name) ?? []).filter(isBad).length / chosen.length),
    percent(originals.filter(isBad).length / originals.length),
  ]),
);
const quantiles = (values: readonly number[]): string => {
  const sorted = values.toSorted((a, b) => a - b);
  return [0, 0.01, 0.05, 0.5, 0.95, 1].map((share) => (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN).toFixed(3)).join(', ');
};
console.log(`\nSharpness (0, 1, 5, 50, 95 and 100 %): originals ${quantiles(originals.map(({ measures }) => measures.sharpness))}`);
console.log(`blurred ${quantiles((changed.get('blurred') ?? []).map(({ measures }) => measures.sharpness))}`);

// Wrong labels.
const groups = [...originals.keys()];
const cases: { share: number; flipped: ReadonlySet<number>; labels: number[]; probabilities: number[][]; found: number[] }[] = [];
for (const share of [0.05, 0.1, 0.2]) {
  for (const seed of [1, 2, 3]) {
    const random = createRandom(seed);
    const flipped = new Set(shuffled(groups, random).slice(0, Math.round(share * originals.length)));
    const labels = originals.map(({ labelIndex }, i) =>
      flipped.has(i) ? (labelIndex + 1 + random.integer(classNames.length - 1)) % classNames.length : labelIndex,
    );
    const { probabilities } = await outOfFold(
      { rows: originals.map((entry) => entry.features), labels, classes: classNames.length, groups },
      { folds: 5, seed, onFold: yieldNothing },
    );
    const predicted = labels.map((_, i) => [...probabilities.subarray(i * classNames.length, (i + 1) * classNames.length)]);
    const found = labelIssues(evaluatePredictions(predicted, labels, { classNames })).map(({ index }) => index);
    cases.push({ share, flipped, labels, probabilities: predicted, found });
  }
}
const python = process.env['CLEANLAB_PYTHON'];
const theirs = python === undefined ? undefined : (JSON.parse(cleanlab(python)) as number[][]);
function cleanlab(command: string): string {
  const input = JSON.stringify(cases.map(({ labels, probabilities }) => ({ labels, probabilities })));
  const { stdout, stderr, status } = spawnSync(command, [fromRoot('bench/audit/cleanlab_issues.py')], {
    input,
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(String(stderr));
  return String(stdout);
}
const score = (found: readonly number[], flipped: ReadonlySet<number>): string => {
  const right = found.filter((i) => flipped.has(i)).length;
  return `${percent(right / found.length)} / ${percent(right / flipped.size)}`;
};
printTable(
  'Flipped labels: precision / recall',
  ['flipped', 'seed', 'suspects', 'here', 'cleanlab', 'same images'],
  cases.map(({ share, flipped, found }, i) => {
    const other = theirs?.[i];
    const same = other === undefined ? '' : String(other.length === found.length && other.every((each) => found.includes(each)));
    return [
      percent(share),
      String((i % 3) + 1),
      String(found.length),
      score(found, flipped),
      other === undefined ? '' : score(other, flipped),
      same,
    ];
  }),
);

// Ten thousand photos, by repetition with noise.
const noise = createRandom(1);
const many = Array.from({ length: 10_000 }, (_, i) =>
  (originals[i % originals.length] as (typeof originals)[number]).features.map((x) => x + noise.uniform(0, 0.3)),
);
const labels = many.map((_, i) => (originals[i % originals.length] as (typeof originals)[number]).labelIndex);
const timed = async (task: string, work: () => Promise<unknown>): Promise<void> => {
  const from = process.cpuUsage();
  await work();
  console.log(`${task}: ${(process.cpuUsage(from).user / 1e6).toFixed(1)} s of processor time`);
};
console.log('');
await timed('10,000 images, copies and outliers', () => compareAll(many, { similarity: CANDIDATES.similarity, onRow: yieldNothing }));
await timed('10,000 images, labels and learning curve', () =>
  outOfFold({ rows: many, labels, classes: classNames.length, groups: [...many.keys()] }, { folds: 5, seed: 1, onFold: yieldNothing }),
);
console.log(`Peak memory: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
