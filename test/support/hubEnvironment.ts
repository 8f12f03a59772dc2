// The environment of the Hugging Face hub for a test: nothing of the machine's own is left.

import { vi } from 'vitest';

const VARIABLES = [
  'HF_ENDPOINT',
  'HF_HOME',
  'HF_HUB_CACHE',
  'HUGGINGFACE_HUB_CACHE',
  'HF_HUB_OFFLINE',
  'TRANSFORMERS_OFFLINE',
  'HF_HUB_DISABLE_SYMLINKS',
  'HF_HUB_DISABLE_IMPLICIT_TOKEN',
  'HF_TOKEN',
  'HUGGING_FACE_HUB_TOKEN',
  'HF_TOKEN_PATH',
  'XDG_CACHE_HOME',
] as const;

/** Sets these variables and removes the others, until `vi.unstubAllEnvs`. */
export function hubEnvironment(values: Readonly<Partial<Record<(typeof VARIABLES)[number], string>>>): void {
  for (const name of VARIABLES) vi.stubEnv(name, values[name]);
}
