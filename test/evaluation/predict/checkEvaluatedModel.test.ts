import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, expect, test } from 'vitest';
import { evaluatePredictions } from '../../../src/evaluation/metrics/index.js';
import { checkEvaluatedModel } from '../../../src/evaluation/predict/checkEvaluatedModel.js';
import { efficientNet, setClassNames } from '../../../src/models/index.js';
import { VARIANTS } from '../../../src/scaling/index.js';

beforeAll(() => tf.setBackend('cpu'));

const SPEC = { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3, inputSize: 32 };
const evaluationOf = (classNames?: readonly string[]) => evaluatePredictions([[0.9, 0.1]], [0], { classNames });

test('a model with other classes than the evaluation is refused', () => {
  const model = efficientNet(SPEC, { classes: 2 });
  checkEvaluatedModel('writeReport', model, evaluationOf(['cat', 'dog']));
  setClassNames(model, ['cat', 'dog']);
  checkEvaluatedModel('writeReport', model, evaluationOf(['cat', 'dog']));
  // An evaluation without class names.
  checkEvaluatedModel('writeReport', model, evaluationOf());
  expect(() => {
    checkEvaluatedModel('writeReport', model, evaluationOf(['cat', 'owl']));
  }).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: writeReport: expected a model with the class names of the evaluation for \`model\`, received 'dog' at index 1, where the evaluation has 'owl'. Pass the model that was evaluated. If it is the same model, set these names with \`setClassNames\`.]`,
  );
  const three = efficientNet(SPEC, { classes: 3 });
  expect(() => {
    checkEvaluatedModel('writeReport', three, evaluationOf());
  }).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: writeReport: expected a model with the 2 classes of the evaluation for \`model\`, received one with 3 outputs. Pass the model that was evaluated.]`,
  );
});

test('a single output has two classes, but only one label', () => {
  const model = efficientNet(SPEC, { classes: 1, classifierActivation: 'sigmoid' });
  checkEvaluatedModel('writeReport', model, evaluationOf(['cat', 'dog']));
  const labels = evaluatePredictions([[0.9, 0.1]], [[1, 0]], { multiLabel: true });
  expect(() => {
    checkEvaluatedModel('writeReport', model, labels);
  }).toThrow('writeReport: expected a model with the 2 classes of the evaluation for `model`, received one with 1 outputs.');
});
