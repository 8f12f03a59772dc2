import { expect, test } from 'vitest';
import { hubFileUrl, hubRefusal, isMissingFile, isOutOfOrder, type HubAnswer } from '../../../src/weights/hub/hubRefusal.js';

const request = { where: 'pretrained', endpoint: 'https://hub', repository: 'me/net', revision: 'main', file: 'config.json' };
const answer = (status: number, headers: Record<string, string> = {}): HubAnswer => ({ status, headers: new Headers(headers) });

test('the address of a file keeps the slashes of folders, and hides those of the revision', () => {
  expect(hubFileUrl({ ...request, revision: 'refs/pr/1', file: 'onnx/a b.bin' })).toBe(
    'https://hub/me/net/resolve/refs%2Fpr%2F1/onnx/a%20b.bin',
  );
});

test('a missing file is told from a missing repository, and a server out of order from one that refuses', () => {
  expect(isMissingFile(answer(404, { 'x-error-code': 'EntryNotFound' }))).toBe(true);
  expect(isMissingFile(answer(404, { 'x-error-code': 'RevisionNotFound' }))).toBe(false);
  expect(isMissingFile(answer(404))).toBe(false);
  expect([429, 500, 503].map((status) => isOutOfOrder(answer(status)))).toEqual([false, true, true]);
});

test.each([
  [
    answer(403, { 'x-error-message': 'The token is read-protected.' }),
    "a refusal of 'https://hub' (403, The token is read-protected). Set HF_TOKEN.",
  ],
  [
    answer(403, { 'x-error-message': 'Access to this resource is disabled.' }),
    "received 'me/net', which the hub has disabled. Choose another.",
  ],
  [
    answer(404),
    "expected 'config.json' of 'me/net' at 'main', received a 404 of 'https://hub'. The repository, the revision or the file does not exist there.",
  ],
  [answer(429), 'refusing because of too many requests (429). Wait some minutes, or set HF_TOKEN, which raises the limit.'],
  [answer(418), "received an answer of 'https://hub' with status 418. Try again later."],
])('%o is explained', (refused, message) => {
  expect(hubRefusal(request, refused)).toMatchObject({ name: 'WeightsError' });
  expect(hubRefusal(request, refused).message).toContain(message);
});

test('with a token, its permissions are the remedy', () => {
  expect(hubRefusal({ ...request, tokenFrom: 'HF_TOKEN' }, answer(403)).message).toMatchInlineSnapshot(
    `"pretrained: expected access to 'me/net', received a refusal of 'https://hub' (403). Check the permissions of the token in HF_TOKEN."`,
  );
});
