// The contract of every backend: TensorFlow's results and gradients, Keras' training steps, no leaks.

import { beforeAll, describe, expect, test } from 'vitest';
import b0 from '../fixtures/golden/keras/EfficientNetB0.json' with { type: 'json' };
import twentySteps from '../fixtures/backends/twentySteps.json' with { type: 'json' };
import { backendWork, type BackendWork } from './backendWork.js';

/** A backend to be tested. */
export interface BackendUnderTest {
  readonly name: string;
  /** Makes the backend the active one. */
  readonly start: () => Promise<unknown>;
  /** Where the work is done. @defaultValue in this process */
  readonly work?: BackendWork;
  /** Why it cannot be tested here, where it cannot. */
  readonly skip?: string | undefined;
  /** Why B0 at full size is left out, where it is. */
  readonly skipB0?: string | undefined;
  /** Training steps compared with Keras'. @defaultValue 20 */
  readonly steps?: 5 | 20;
  /** Largest error, as a share of what is compared. @defaultValue 1e-4 */
  readonly tolerance?: number;
}

/** Runs the contract for one backend. */
export function backendContract({ name, start, work = backendWork, skip, skipB0, steps = 20, tolerance = 1e-4 }: BackendUnderTest): void {
  describe.skipIf(skip !== undefined)(`backend ${name}${skip === undefined ? '' : `: skipped, ${skip}`}`, () => {
    beforeAll(start, 120_000);

    test('computes the block and its gradients as TensorFlow does', async () => {
      const { backend, largestError } = await work.probe();
      expect(backend).toBe(name);
      expect(largestError).toBeLessThan(tolerance);
    });

    test.skipIf(skipB0 !== undefined)(
      `predicts B0's logits as Keras does${skipB0 === undefined ? '' : `: skipped, ${skipB0}`}`,
      async () => {
        const range = Math.max(...b0.logits) - Math.min(...b0.logits);
        expect(await work.predictB0()).toBeAllclose(b0.logits, { tolerance: tolerance * range });
      },
      300_000,
    );

    test(`takes ${steps} training steps as Keras does, and keeps no tensor`, async () => {
      const { losses, predictions, tensors } = await work.takeSteps(steps);
      expect(losses).toBeAllclose(twentySteps.losses.slice(0, steps), { tolerance: 10 * tolerance });
      expect(new Set(tensors.slice(1)).size).toBe(1);
      expect(predictions).toBeAllclose(twentySteps.predictions[steps], { tolerance: 10 * tolerance });
    }, 600_000);
  });
}
