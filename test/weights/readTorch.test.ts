import { readFileSync } from 'node:fs';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { readSafetensors, readTorch } from '../../src/weights/index.js';
import { describeReader } from '../contracts/reader.js';

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../fixtures/weights/${name}`, import.meta.url)));

// Written by PyTorch, NumPy and safetensors: test/fixtures/weights/torch_files.py and torch_checkpoints.py. JSON has no infinity and no
// NaN.
const recordOf = (name: string): Record<string, Record<string, { shape: number[]; values: number[] }>> => {
  const { files } = JSON.parse(Buffer.from(fixture(name)).toString()) as {
    files: Record<string, Record<string, { shape: number[]; values: (number | string)[] }>>;
  };
  const read = (value: number | string): number => ({ inf: Infinity, '-inf': -Infinity, nan: NaN })[value] ?? Number(value);
  return Object.fromEntries(
    Object.entries(files).map(([file, arrays]) => [
      file,
      Object.fromEntries(Object.entries(arrays).map(([key, { shape, values }]) => [key, { shape, values: values.map(read) }])),
    ]),
  );
};

for (const [name, holds] of Object.entries({ ...recordOf('torch_files.json'), ...recordOf('torch_checkpoints.json') })) {
  describeReader({
    name: name.endsWith('safetensors') ? `the safetensors library's ${name}` : `torch.save's ${name}`,
    read: name.endsWith('safetensors') ? readSafetensors : readTorch,
    file: () => fixture(name),
    holds: new Map(Object.entries(holds)),
  });
}

/** The message of a refusal. */
function refusal(bytes: Uint8Array): string {
  try {
    readTorch(bytes);
  } catch (error) {
    return String(error);
  }
  return 'read';
}

describe('what is no weight file is refused in one sentence', () => {
  test('a pickle that calls os.system', () => {
    expect(refusal(fixture('os-system.pth'))).toMatchInlineSnapshot(
      `"WeightsError: readTorch: the file asks for \`posix.system\`, which is neither a tensor nor a container. Nothing was run. In Python, save only \`model.state_dict()\`."`,
    );
    expect(refusal(fixture('os-system-legacy.pth'))).toBe(refusal(fixture('os-system.pth')));
  });

  test('a function called while an object is built, whatever the opcode', () => {
    const text = (value: string): string => `X${String.fromCharCode(value.length)}\0\0\0${value}`;
    const pickles = {
      REDUCE: `csubprocess\nPopen\n${text('id')}\x85R.`,
      'a known rebuild function with an unknown one inside': `ctorch._tensor\n_rebuild_from_type_v2\n(cos\nsystem\nctorch\nTensor\n${text('id')}\x85}tR.`,
      INST: `(${text('id')}isubprocess\nPopen\n.`,
      OBJ: `(csubprocess\nPopen\n${text('id')}o.`,
    };
    for (const [name, pickle] of Object.entries(pickles)) {
      expect(refusal(zipSync({ 'a/data.pkl': Buffer.from(`\x80\x02${pickle}`, 'latin1') }, { level: 0 })), name).toMatch(
        /which is neither a tensor nor a container|the pickle is damaged/,
      );
    }
  });

  test('frozen TorchScript, whose weights are constants', () => {
    expect(refusal(fixture('frozen.pt'))).toMatchInlineSnapshot(
      `"WeightsError: readTorch: the file contains no tensor. It is frozen TorchScript, whose weights are constants of its code. In Python, save the \`state_dict()\` of the module before it is frozen."`,
    );
  });

  test('another pickle, a checkpoint without tensors', () => {
    expect(refusal(fixture('plain.pkl'))).toMatchInlineSnapshot(
      `"WeightsError: readTorch: expected a file written by torch.save, received another pickle."`,
    );
    expect(refusal(fixture('no-tensor.pth'))).toMatchInlineSnapshot(`"WeightsError: readTorch: the file contains no tensor."`);
  });

  test.each(['builtins eval', 'posix system', 'torch load', '__builtin__ __import__', 'torch._utils __class__', 'collections constructor'])(
    'a pickle that asks for %s',
    (target) => {
      const [module, name] = target.split(' ');
      const pickle = Buffer.concat([
        Buffer.from(`\x80\x02c${module}\n${name}\nX`, 'latin1'),
        Buffer.from([2, 0, 0, 0]),
        Buffer.from('1+\x85R.', 'latin1'),
      ]);
      expect(refusal(zipSync({ 'a/data.pkl': pickle }, { level: 0 }))).toContain(
        `\`${module}.${name}\`, which is neither a tensor nor a container`,
      );
    },
  );

  // Tensors that repeat one number, or lie beyond their storage.
  test.each([
    ['[2^20, 2^20] of stride 0', 0, 2 ** 20, 0],
    ['5 numbers of 4', 0, 5, 1],
    ['a start beyond the end', 9, 1, 1],
  ])('a tensor of %s', (_, offset, size, stride) => {
    const int = (value: number): Buffer => {
      const bytes = Buffer.alloc(5);
      bytes[0] = 0x4a;
      bytes.writeInt32LE(value, 1);
      return bytes;
    };
    const text = (value: string): Buffer => Buffer.concat([Buffer.from([0x8c, value.length]), Buffer.from(value)]);
    const pickle = Buffer.concat([
      Buffer.from('\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((', 'latin1'),
      text('storage'),
      Buffer.from('ctorch\nFloatStorage\n'),
      text('0'),
      text('cpu'),
      int(4),
      Buffer.from('tQ', 'latin1'),
      int(offset),
      int(size),
      int(size),
      Buffer.from([0x86]),
      int(stride),
      int(stride),
      Buffer.from([0x86, 0x89]),
      Buffer.from('}tR.', 'latin1'),
    ]);
    expect(refusal(zipSync({ 'a/data.pkl': pickle, 'a/data/0': new Uint8Array(16) }, { level: 0 }))).toContain('the pickle is damaged');
  });
});

describe('what is read as data', () => {
  test('a whole module has the names of its state dict, without buffers that are not saved', () => {
    expect([...readTorch(fixture('whole-module.pth')).keys()]).toEqual(['weight', 'bias']);
    expect([...readTorch(fixture('module.pth')).keys()]).not.toContain('module.scratch');
  });

  test('an object of an unknown class is a record of its attributes', () => {
    // An object with a tensor among its attributes: NEWOBJ and BUILD, as pickle writes instances.
    const pickle = Buffer.from(
      '\x80\x02c__main__\nState\n)\x81}X\x01\0\0\0actorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0' +
        '0X\x03\0\0\0cpuK\x01tQK\0K\x01\x85K\x01\x85\x89}tRsb.',
      'latin1',
    );
    expect([...readTorch(zipSync({ 'a/data.pkl': pickle, 'a/data/0': new Uint8Array(4) }, { level: 0 })).keys()]).toEqual(['a']);
  });

  test('tensors without plain numbers are listed, and say what they are when their numbers are asked for', () => {
    const arrays = readTorch(fixture('opaque.pth'));
    const answers = [...arrays].map(([name, array]) => {
      try {
        return `${name} [${array.shape.join(', ')}] ${array.dtype}: ${[...array.values()].join(' ')}`;
      } catch (error) {
        return `${name} [${array.shape.join(', ')}] ${array.dtype}: ${String(error)}`;
      }
    });
    expect(answers).toMatchInlineSnapshot(`
      [
        "plain [2] float32: 0.5 -1",
        "complex [1] complex64: WeightsError: readWeights: expected real numbers for weights, received numbers of type complex64.",
        "sparse [3, 3] float32: WeightsError: readTorch: expected plain numbers for 'sparse', received a sparse tensor. In Python, save plain dense tensors: \`tensor.dequantize()\`, \`to_dense()\`, \`full_tensor()\`.",
        "csr [3, 3] float32: WeightsError: readTorch: expected plain numbers for 'csr', received a sparse tensor. In Python, save plain dense tensors: \`tensor.dequantize()\`, \`to_dense()\`, \`full_tensor()\`.",
        "nested [5] float32: WeightsError: readTorch: expected plain numbers for 'nested', received a nested tensor. In Python, save plain dense tensors: \`tensor.dequantize()\`, \`to_dense()\`, \`full_tensor()\`.",
        "quantized [3] int8: WeightsError: readTorch: expected plain numbers for 'quantized', received a quantized tensor. In Python, save plain dense tensors: \`tensor.dequantize()\`, \`to_dense()\`, \`full_tensor()\`.",
        "meta [2, 3] float32: WeightsError: readTorch: expected plain numbers for 'meta', received a tensor without numbers (\`device="meta"\`). In Python, save plain dense tensors: \`tensor.dequantize()\`, \`to_dense()\`, \`full_tensor()\`.",
      ]
    `);
  });
});

describe('archives from strangers', () => {
  const pickle = new Uint8Array(Buffer.from('\x80\x02}.', 'latin1'));
  const edit = (bytes: Uint8Array, change: (view: DataView) => void): Uint8Array => {
    change(new DataView(bytes.buffer, bytes.byteOffset));
    return bytes;
  };
  const directory = (bytes: Uint8Array): number => Buffer.from(bytes).indexOf(Buffer.from([0x50, 0x4b, 1, 2]));

  test('names of files outside the archive are refused', () => {
    for (const name of ['../data.pkl', 'a/../../data.pkl', '/etc/passwd', '..\\x', 'C:\\x']) {
      expect(refusal(zipSync({ [name]: pickle })), name).toContain('the archive names a file outside itself');
    }
    expect(refusal(zipSync({ '../data.pkl': pickle }))).toMatchInlineSnapshot(
      `"WeightsError: readTorch: the archive names a file outside itself: '../data.pkl'. The file is truncated, damaged or not what it seems."`,
    );
  });

  test('a decompression bomb is refused before it is unpacked', () => {
    const bomb = zipSync({ 'a/data.pkl': new Uint8Array(2 ** 20) }, { level: 9 });
    const claims = (size: number): Uint8Array =>
      edit(bomb.slice(), (view) => {
        view.setUint32(directory(bomb) + 24, size, true);
      });
    expect(refusal(claims(2 ** 32 - 2))).toMatchInlineSnapshot(
      `"WeightsError: readTorch: 1150 bytes claim to unpack to 4294967294. The file is truncated, damaged or not what it seems."`,
    );
    const noise = zipSync({ 'a/data.pkl': Uint8Array.from({ length: 400_000 }, (_, i) => Math.imul(i, 2654435761) >>> 24) }, { level: 1 });
    const thousandfold = edit(noise, (view) => {
      view.setUint32(directory(noise) + 24, 300 * 2 ** 20, true);
    });
    expect(refusal(thousandfold)).toContain('bytes claim to unpack to 314572800');
  });

  test('an entry that unpacks to more bytes than it states fails its checksum', () => {
    const small = zipSync({ 'a/data.pkl': new Uint8Array(5000) });
    expect(
      refusal(
        edit(small, (view) => {
          view.setUint32(directory(small) + 24, 100, true);
        }),
      ),
    ).toMatch(/cannot be unpacked|does not have its checksum/);
  });

  test('an entry whose bytes changed fails its checksum', () => {
    const bytes = fixture('state.pth');
    // 0.1 as float32, in the first storage.
    bytes[Buffer.from(bytes).indexOf(Buffer.from([0xcd, 0xcc, 0xcc, 0x3d]))]! ^= 1;
    expect(refusal(bytes)).toMatchInlineSnapshot(
      `"WeightsError: readTorch: the pickle is damaged or uses features that no weight file needs (byte 149)."`,
    );
  });

  test('two entries of one name are refused', () => {
    const bytes = Buffer.from(zipSync({ 'a/data.pkl': pickle, 'b/data.pkl': pickle }));
    expect(
      refusal(new Uint8Array(Buffer.from(bytes.toString('latin1').replaceAll('b/data.pkl', 'a/data.pkl'), 'latin1'))),
    ).toMatchInlineSnapshot(
      `"WeightsError: readTorch: two entries are named 'a/data.pkl'. The file is truncated, damaged or not what it seems."`,
    );
  });

  test('an error names the format of another file', () => {
    expect(refusal(fixture('state.safetensors'))).toContain(
      'expected a PyTorch file, received a safetensors file. Read it with `readSafetensors`.',
    );
  });

  test('the error for an archive without a pickle lists its files', () => {
    expect(refusal(zipSync({ 'readme.txt': pickle }))).toMatchInlineSnapshot(
      `"WeightsError: readTorch: expected a PyTorch file, received a zip archive with 'readme.txt'."`,
    );
  });
});
