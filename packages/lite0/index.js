// For pages and workers: the addresses of the files. Bundlers recognize this form and copy the files.

export const weights = new URL('./model.safetensors', import.meta.url).href;
export const photo = new URL('./photo.jpg', import.meta.url).href;
