import { expect, test } from 'vitest';
import { isHubName, parseHubName } from '../../../src/weights/hub/hubName.js';

test.each([
  ['hf:google/efficientnet-b0', 'google/efficientnet-b0', 'main'],
  ['hf:timm/tf_efficientnet_b0.ns_jft_in1k@v1.0', 'timm/tf_efficientnet_b0.ns_jft_in1k', 'v1.0'],
  ['hf:me/net@refs/pr/3', 'me/net', 'refs/pr/3'],
  ['hf:me/net@feature/a@b', 'me/net', 'feature/a@b'],
])('%s is a repository and a revision', (name, repository, revision) => {
  expect(isHubName(name)).toBe(true);
  expect(parseHubName('pretrained', name)).toEqual({ repository, revision });
});

test.each(['b0', 'timm/efficientnet_b0.ra_in1k', './hf:me/net', 'https://example.com/me/net', '', undefined, 7])(
  '%s is no name of the hub',
  (name) => {
    expect(isHubName(name)).toBe(false);
  },
);

test.each([
  ['hf:net', "expected a repository such as 'hf:google/efficientnet-b0', or 'hf:owner/name@revision', for `name`, received 'hf:net'."],
  ['hf:', "received 'hf:'."],
  ['hf:a/b/c', "received 'hf:a/b/c'."],
  ['hf:../../etc', "received 'hf:../../etc'."],
  ['hf:me/..', "received 'hf:me/..'."],
  ['hf:me/a--b', "received 'hf:me/a--b'."],
  ['hf:me/net.git', "received 'hf:me/net.git'."],
  ['HF:me/net', "received 'HF:me/net'."],
  ['https://huggingface.co/google/efficientnet-b0', "Pass 'hf:google/efficientnet-b0'."],
  ['https://huggingface.co/google/efficientnet-b0/tree/main?x=1', "Pass 'hf:google/efficientnet-b0'."],
  ['hf://google/efficientnet-b0', "Pass 'hf:google/efficientnet-b0'."],
  ['hf:me/net@', "expected a branch, a tag or a commit after '@' for `name`"],
  ['hf:me/net@../../x', 'expected a branch, a tag or a commit'],
  ['hf:me/net@/etc', 'expected a branch, a tag or a commit'],
  ['hf:me/net@a b', 'expected a branch, a tag or a commit'],
  ['hf:me/net@.git', 'expected a branch, a tag or a commit'],
])('%s is refused', (name, message) => {
  expect(isHubName(name)).toBe(true);
  expect(() => parseHubName('pretrained', name)).toThrow(message);
});
