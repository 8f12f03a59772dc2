/**
 * The weights of EfficientNet-Lite0, trained on ImageNet: the path of a safetensors file in Node, its URL elsewhere. The file contains the
 * names of the 1000 classes and the preprocessing.
 *
 * @example
 * const model = await pretrained('lite0', { weights }); // in Node
 * const bytes = await (await fetch(weights)).arrayBuffer(); // on a page, for `loadWeights`
 */
export declare const weights: string;

/** A photo of a pair of sandals, 192 x 256 pixels: the path of a JPEG file in Node, its URL elsewhere. */
export declare const photo: string;
