// Creates a report with every section, from generated images and a tiny network.

import { efficientNet, evaluatePredictions, setClassNames, VARIANTS, type Evaluation, type Pixels } from '../../src/index.js';
import { createRandom } from '../../src/core/internal.js';
import type { WriteReportOptions } from '../../src/node.js';

const CLASSES = ['dress', 'hat', 'shirt & tie', '<script>alert(1)</script>', 'shoes "new"'];

/** Creates predictions. The higher the skill, the more of them are correct. */
export function evaluationOf(skill: number): Evaluation {
  const random = createRandom(5);
  const labels = Array.from({ length: 120 }, (_, i) => i % CLASSES.length);
  const probabilities = labels.map((label) => {
    const row = CLASSES.map((_, i) => Math.exp(random.normal() + (i === label ? skill : 0)));
    const sum = row.reduce((a, b) => a + b);
    return row.map((value) => value / sum);
  });
  return evaluatePredictions(probabilities, labels, {
    classNames: CLASSES,
    files: labels.map((label, i) => `folder ${label}/picture "${i}".jpg`),
  });
}

/** Creates an image of one color with a brighter square. */
export function picture(index: number): Pixels {
  const [width, height] = [90, 60 + (index % 3) * 30];
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const isInside = i % width > 30 && i % width < 60 && i / width > 20 && i / width < 50;
    data.set(
      [(index * 53) % 200, (index * 97) % 200, (index * 31) % 200].map((value) => value + (isInside ? 55 : 0)),
      i * 3,
    );
  }
  return { width, height, channels: 3, data };
}

/** Creates data for every section of a report. Needs a backend. */
export function fullReport(): WriteReportOptions {
  const model = efficientNet(
    { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3 },
    { classes: CLASSES.length, inputSize: 64, seed: 1 },
  );
  setClassNames(model, CLASSES);
  const history = { loss: [2, 1, 0.5], val_loss: [2.5, 1.5, 1.25], acc: [0.25, 0.5, 0.75], val_acc: [0.125, 0.375, 0.5] };
  return {
    title: 'Clothes & <more>',
    evaluation: evaluationOf(2),
    before: evaluationOf(0.5),
    model,
    imageOf: ({ index }) => picture(index),
    maxImages: 12,
    unknownConfidences: [0.3, 0.4, 0.6, 0.9],
    unknownThreshold: 0.5,
    findings: [
      {
        kind: 'near <duplicates>',
        advice: 'Remove all but one of each group.',
        images: [{ origin: 'folder 1/picture "1".jpg' }, { origin: 'a&b.jpg', label: 'hat', suggested: 'dress' }],
      },
    ],
    history: [
      { name: 'head', history },
      { name: 'fine-tuning', history },
    ],
    settings: { epochs: 6, optimizer: 'adam', frozen: true, notes: null },
  };
}
