// For Node: the paths of the files.

import { fileURLToPath } from 'node:url';

export const weights = fileURLToPath(new URL('./model.safetensors', import.meta.url));
export const photo = fileURLToPath(new URL('./photo.jpg', import.meta.url));
