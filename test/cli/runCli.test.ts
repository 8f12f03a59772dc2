import { expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { run, runUntil } from '../support/commandLine.js';

test('the help lists every command, on stdout', async () => {
  const { code, stdout, stderr } = await run('--help');
  expect(code).toBe(0);
  expect(stderr).toBe('');
  for (const { name, summary } of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name} .*${summary}$`, 'm'));
});

test.each(COMMANDS)('the help of $name shows its examples', async ({ name, examples }) => {
  const { code, stdout } = await run(name, '--help');
  expect(code).toBe(0);
  expect(examples.length).toBeGreaterThan(1);
  for (const [line, does] of examples) expect(stdout).toContain(`  $ npx effnet-ts ${line}\n      ${does}`);
});

test.each(COMMANDS)('every example of $name is a valid command line', async ({ name, examples }) => {
  for (const [line] of examples) {
    const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
    const redirected = words.indexOf('>');
    const { code, stderr } = await run(...(redirected < 0 ? words : words.slice(0, redirected)).map(missing));
    expect(words[0]).toBe(name);
    // The files of the examples do not exist, which is found out after the options are checked.
    expect({ line, stderr, code }).toMatchObject({
      code: expect.any(Number) as number,
      stderr: expect.stringMatching(/^error: there is no /) as string,
    });
  }
});

/** Another name for what exists without files: the published names. */
function missing(word: string): string {
  return word === 'b0' ? 'nothing' : word;
}

test('wrong usage is one sentence on stderr, with exit code 2', async () => {
  const unknown = await run('classify', 'photo.jpg', '--tpo', '3');
  expect(unknown).toEqual({ code: 2, stdout: '', stderr: "error: unknown option '--tpo'\n(Did you mean --top?)\n" });
  expect(await run('clasify')).toEqual({ code: 2, stdout: '', stderr: "error: unknown command 'clasify'\n(Did you mean classify?)\n" });
  expect(await run('classify')).toEqual({ code: 2, stdout: '', stderr: "error: missing required argument 'images'\n" });
  expect((await run('classify', 'a.jpg', '--top', '0')).stderr).toMatch(/argument '0' is invalid\. Expected a whole number, at least 1\./);
  expect((await run('train', 'photos', '-o', 'm', '--validation', '1')).stderr).toMatch(
    /Expected a number from 0 to below 1, such as 0\.2\./,
  );
  expect((await run('export', 'm', '--to', 'pdf')).stderr).toMatch(/Allowed choices are onnx, keras, safetensors, tfjs, transformers\./);
  expect(await run('classify', 'package.json', '--json', '--csv')).toMatchObject({ code: 2, stdout: '' });
});

test('a missing file is one sentence on stderr, with exit code 1', async () => {
  expect(await run('classify', 'nowhere.jpg')).toEqual({
    code: 1,
    stdout: '',
    stderr: "error: there is no file or folder 'nowhere.jpg'.\n",
  });
  expect(await run('train', 'nowhere', '-o', 'nothing')).toMatchObject({
    code: 1,
    stderr: "error: there is no file or folder 'nowhere'.\n",
  });
});

test('--debug shows the stack', async () => {
  const { code, stderr } = await run('classify', 'nowhere.jpg', '--debug');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: DataError: there is no file or folder 'nowhere.jpg'\.\n +at /);
});

test('an unknown model is answered with the nearest name', async () => {
  const { code, stdout, stderr } = await run('inspect', 'v2-B00');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: there is no model 'v2-B00': expected .+ Did you mean 'v2-b0'\?\n$/);
});

test('the version is that of the package', async () => {
  expect(await run('--version')).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' });
});

test('Ctrl-C ends a command with exit code 130', async () => {
  const { code, stderr } = await runUntil(
    AbortSignal.abort(),
    () => undefined,
    'train',
    'examples/data/clothing',
    '-o',
    'runs/never',
    '--skip-broken',
  );
  expect(code).toBe(130);
  expect(stderr).toMatch(/Stopped\.\n$/);
});
