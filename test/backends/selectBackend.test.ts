import { setTimeout } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ensureBackend, selectBackend } from '../../src/backends/index.js';
import type { BackendAttempt, BackendLoader } from '../../src/backends/index.js';

const cpu: BackendLoader = { name: 'cpu', load: () => import('@tensorflow/tfjs-backend-cpu') };
const farAway = 'far-away';
const missing: BackendLoader = { name: 'far', load: () => import(farAway) };

/** A copy of the cpu backend under another name, which tests can damage. */
function copyOfCpu(name: string, damage: () => void = () => undefined): BackendLoader {
  return {
    name,
    load() {
      tf.registerBackend(name, () => new MathBackendCPU());
      tf.copyRegisteredKernels('cpu', name);
      damage();
      return Promise.resolve();
    },
  };
}

const withoutFilterGradient = (name: string): BackendLoader =>
  copyOfCpu(name, () => {
    tf.unregisterKernel('Conv2DBackpropFilter', name);
  });

/** The parts of a report that do not change between runs. */
const stable = (attempt: BackendAttempt): BackendAttempt => ({
  ...attempt,
  reason: attempt.reason.replace(/\d+ ms/, 'N ms').replace(/ '\S*node_modules\S*'/, ''),
});

const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);

afterEach(async () => {
  warn.mockClear();
  await tf.setBackend('cpu');
  for (const name of tf.engine().backendNames()) {
    if (name === 'cpu') continue;
    tf.removeBackend(name);
    for (const { kernelName } of tf.getKernelsForBackend(name)) tf.unregisterKernel(kernelName, name);
  }
});

/** A backend that reports a WebGL renderer. */
function renderer(name: string, reported: string): BackendLoader {
  const gl = { getExtension: () => null, RENDERER: 1, getParameter: () => reported, isContextLost: () => false };
  const canvas = { addEventListener: () => undefined };
  const { load } = copyOfCpu(name);
  return {
    name,
    load,
    prepare: () => Promise.resolve(Object.assign(tf.backend(), { gpgpu: { gl: { ...gl, canvas } } })),
  };
}

describe("device: 'gpu'", () => {
  test('refuses the CPU and software renderers before they are probed, and chooses a GPU', async () => {
    const { backend, device, tried } = await selectBackend(
      [cpu, renderer('swift', 'Google SwiftShader'), renderer('mesa', 'llvmpipe (LLVM 15)'), renderer('nvidia', 'NVIDIA GeForce')],
      { device: 'gpu' },
    );
    expect([backend, device]).toEqual(['nvidia', { name: 'NVIDIA GeForce' }]);
    expect(tried.map(({ outcome }) => outcome)).toEqual(['no GPU', 'no GPU', 'no GPU', 'chosen']);
    expect(tried[1]?.reason).toBe(
      'It runs on a software renderer (Google SwiftShader): there is no GPU, or its driver is missing or blocked.',
    );
  });

  test('fails if there is none', async () => {
    await expect(selectBackend([cpu], { device: 'gpu' })).rejects.toThrow(
      'selectBackend: expected a backend that works and computes on a GPU, found none. cpu (no GPU): It computes on the CPU.',
    );
    expect(tf.getBackend()).toBe('cpu');
  });
});

describe('selectBackend', () => {
  test('selects the first candidate that works and reports why the others were rejected', async () => {
    const throwing: BackendLoader = { name: 'broken', load: () => Promise.reject(new Error('no adapter')) };
    const idle: BackendLoader = { name: 'idle', load: () => Promise.resolve() };
    const dead: BackendLoader = {
      name: 'dead',
      load: () => Promise.resolve(tf.registerBackend('dead', () => Promise.reject(new Error('device lost')))),
    };
    const { backend, tried } = await selectBackend([missing, throwing, idle, dead, cpu, copyOfCpu('copy')]);

    expect(backend).toBe('cpu');
    expect(tf.getBackend()).toBe('cpu');
    expect(tried.map(stable)).toMatchInlineSnapshot(`
      [
        {
          "name": "far",
          "outcome": "not installed",
          "reason": "expected the package 'far-away', which is not installed. Run \`npm install far-away\`.",
        },
        {
          "name": "broken",
          "outcome": "not loaded",
          "reason": "no adapter.",
        },
        {
          "name": "idle",
          "outcome": "not loaded",
          "reason": "its package registered no backend 'idle' with this copy of @tensorflow/tfjs-core.",
        },
        {
          "name": "dead",
          "outcome": "not started",
          "reason": "device lost.",
        },
        {
          "name": "cpu",
          "outcome": "chosen",
          "reason": "passed the probe in N ms. It is plain JavaScript, about twenty times slower than wasm.",
        },
      ]
    `);
  });

  test('distinguishes webgpu without navigator.gpu from a second copy of TensorFlow.js', async () => {
    const { tried } = await selectBackend([{ name: 'webgpu', load: () => Promise.resolve() }, cpu]);
    expect(tried[0]).toMatchInlineSnapshot(`
      {
        "name": "webgpu",
        "outcome": "not loaded",
        "reason": "there is no \`navigator.gpu\`: the browser has no WebGPU, or the page came neither by https nor from localhost.",
      }
    `);
  });

  test('imports no backend after the selected one', async () => {
    let imported = false;
    await selectBackend([cpu, { name: 'later', load: () => Promise.resolve((imported = true)) }]);
    expect(imported).toBe(false);
  });

  test('rejects a backend that computes wrong results', async () => {
    const liar = copyOfCpu('liar', () => {
      tf.unregisterKernel('Sigmoid', 'liar');
      tf.registerKernel({
        kernelName: 'Sigmoid',
        backendName: 'liar',
        kernelFunc: ({ inputs }) => tf.fill(inputs['x']!.shape, 0.5),
      });
    });
    const { backend, tried } = await selectBackend([liar, cpu]);
    expect(backend).toBe('cpu');
    expect(tried[0]).toMatchInlineSnapshot(`
      {
        "name": "liar",
        "outcome": "failed the probe",
        "reason": "'liar' gives wrong numbers: features are off by 30 % (allowed 1.0 %).",
      }
    `);
  });

  test('rejects a backend without gradients only if gradients are requested', async () => {
    expect(await selectBackend([withoutFilterGradient('half'), cpu])).toMatchObject({ backend: 'half' });
    const { backend, tried } = await selectBackend(['half', cpu], { gradients: true });
    expect(backend).toBe('cpu');
    expect(tried[0]).toMatchInlineSnapshot(`
      {
        "name": "half",
        "outcome": "failed the probe",
        "reason": "'half' cannot train: it has no kernel for Conv2DBackpropFilter.",
      }
    `);
  });

  test('keeps the active backend if no candidate works, and reports every failure', async () => {
    await selectBackend([copyOfCpu('copy')]);
    await expect(selectBackend([{ name: 'idle', load: () => Promise.resolve() }, 'webgl'])).rejects.toThrowErrorMatchingInlineSnapshot(
      `[BackendError: selectBackend: expected a backend that works, found none. idle (not loaded): its package registered no backend 'idle' with this copy of @tensorflow/tfjs-core. webgl (not loaded): no backend of this name is imported (imported: cpu, copy).]`,
    );
    expect(tf.getBackend()).toBe('copy');
    expect(tf.tidy(() => tf.add(1, 2).arraySync())).toBe(3);
  });

  test('starts a backend once for concurrent calls', async () => {
    let starts = 0;
    const slow: BackendLoader = {
      name: 'slow',
      load: () => {
        if (tf.engine().backendNames().includes('slow')) return Promise.resolve();
        tf.copyRegisteredKernels('cpu', 'slow');
        tf.registerBackend('slow', async () => {
          starts += 1;
          await setTimeout(20);
          return new MathBackendCPU();
        });
        return Promise.resolve();
      },
    };
    await Promise.all([selectBackend([slow]), selectBackend([slow]), ensureBackend([slow])]);
    expect(starts).toBe(1);
  });

  test('leaves no tensors, whether the probe passes or fails', async () => {
    const before = tf.memory().numTensors;
    await selectBackend([withoutFilterGradient('half'), cpu], { gradients: true });
    expect(tf.memory().numTensors).toBe(before);
  });

  test('warns once in one line if only cpu works, and not if cpu was requested', async () => {
    const broken: BackendLoader = { name: 'broken', load: () => Promise.reject(new Error('no adapter')) };
    await selectBackend([cpu]);
    await selectBackend([broken, copyOfCpu('copy')]);
    expect(warn.mock.calls).toEqual([]);
    await selectBackend([broken, cpu]);
    await selectBackend([broken, cpu]);
    expect(warn.mock.calls).toEqual([
      [
        "selectBackend: the active backend is 'cpu'. It is plain JavaScript, about twenty times slower than wasm. The backends before it do not work: broken (not loaded): no adapter.",
      ],
    ]);
  });

  test('warns about a software renderer', async () => {
    const gl = {
      getExtension: () => null,
      getParameter: () => 'ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device))',
      RENDERER: 1,
      isContextLost: () => false,
    };
    const soft: BackendLoader = {
      name: 'soft',
      load: () => {
        tf.registerBackend('soft', () => Object.assign(new MathBackendCPU(), { gpgpu: { gl } }));
        tf.copyRegisteredKernels('cpu', 'soft');
        return Promise.resolve();
      },
    };
    const { tried } = await selectBackend([soft]);
    const reason =
      'It runs on a software renderer (ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device))), which is slower than wasm: there is no GPU, or its driver is missing or blocked.';
    expect(tried[0]!.reason).toMatch(reason);
    expect(warn.mock.calls).toEqual([[`selectBackend: the active backend is 'soft'. ${reason}`]]);
  });

  test('onWarning receives every warning instead of the console', async () => {
    const broken: BackendLoader = { name: 'broken', load: () => Promise.reject(new Error('no adapter')) };
    const onWarning = vi.fn();
    for (let i = 0; i < 2; i++) await selectBackend([broken, cpu], { onWarning });
    expect(onWarning.mock.calls).toEqual(
      Array(2).fill([expect.stringMatching(/^selectBackend: the active backend is 'cpu'\. .* broken \(not loaded\): no adapter\.$/)]),
    );
    await selectBackend([copyOfCpu('copy')]);
    tf.removeBackend('copy');
    await ensureBackend([broken, cpu], { onWarning });
    expect(onWarning).toHaveBeenLastCalledWith(expect.stringMatching(/^ensureBackend: the active backend is 'cpu'\./));
    expect(warn).not.toHaveBeenCalled();
    await expect(ensureBackend([cpu], { onWarning: 'silent' as never })).rejects.toThrow(
      "ensureBackend: expected a function for `onWarning`, received 'silent'.",
    );
  });

  test('does not change other console output', async () => {
    const talking = copyOfCpu('talking', () => {
      queueMicrotask(() => {
        console.warn('mine');
      });
    });
    await selectBackend([
      {
        ...talking,
        prepare: () => {
          console.warn('Aborted(CompileError)');
          return Promise.resolve();
        },
      },
    ]);
    console.warn('Aborted(mine)');
    expect(warn.mock.calls).toEqual([['mine'], ['Aborted(mine)']]);
  });

  test.each([
    ['a string', 'cpu', {}],
    ['a loader without load', [{ name: 'cpu' }], {}],
    ['a loader with an unknown key', [{ ...cpu, instal: 'npm install' }], {}],
    ['nothing to try', [], {}],
    ['an unknown option', [cpu], { probes: true }],
    ['a tolerance of 0', [cpu], { tolerance: 0 }],
  ])('refuses %s', async (_, preferences, options) => {
    await expect(selectBackend(preferences as never, options as never)).rejects.toThrowErrorMatchingSnapshot();
  });
});

describe('ensureBackend', () => {
  test('keeps a backend that is ready', async () => {
    await selectBackend([copyOfCpu('copy')]);
    expect(await ensureBackend([cpu])).toEqual({ backend: 'copy', tried: [] });
    expect(tf.getBackend()).toBe('copy');
  });

  test('rejects an invalid preference, even if a backend is ready', async () => {
    await selectBackend([cpu]);
    await expect(ensureBackend([{ name: 'cpu' }] as never)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: ensureBackend: expected a function for \`preferences[0].load\`, received undefined.]`,
    );
  });

  test('prints nothing if only cpu works, and reports the reason', async () => {
    await selectBackend([copyOfCpu('copy')]);
    tf.removeBackend('copy');
    const { backend, tried } = await ensureBackend([{ name: 'absent', load: () => Promise.reject(new Error('no adapter')) }, cpu]);
    expect([backend, tried[0]?.reason]).toEqual(['cpu', 'no adapter.']);
    expect(warn).not.toHaveBeenCalled();
  });

  test('waits for a backend that is being started', async () => {
    tf.registerBackend('slow', () => setTimeout(20, new MathBackendCPU()));
    const chosen = tf.setBackend('slow');
    expect(await ensureBackend([cpu])).toEqual({ backend: 'slow', tried: [] });
    expect(await chosen).toBe(true);
  });

  test('names itself in the error if no backend works', async () => {
    tf.removeBackend('cpu');
    await expect(ensureBackend([{ name: 'idle', load: () => Promise.resolve() }])).rejects.toThrow(
      /^ensureBackend: expected a backend that works, found none\. idle/,
    );
    tf.registerBackend('cpu', () => new MathBackendCPU());
  });

  test('selects one when none is ready', async () => {
    tf.removeBackend('cpu');
    tf.registerBackend('cpu', () => new MathBackendCPU());
    expect(await ensureBackend()).toMatchObject({ backend: 'cpu', tried: [{ name: 'cpu', outcome: 'chosen' }] });
  });
});
