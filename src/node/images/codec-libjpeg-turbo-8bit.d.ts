// What the package, which brings no types, has for us.

declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  export interface FrameInfo {
    readonly width: number;
    readonly height: number;
    /** 1 for grey, 3 for everything else. */
    readonly componentCount: number;
  }

  export interface JPEGDecoder {
    /** The memory for a file of so many bytes; valid until the next call. */
    getEncodedBuffer(length: number): Uint8ClampedArray;
    readHeader(): void;
    decode(): void;
    getFrameInfo(): FrameInfo;
    /** Grey or RGB values; valid until the next call. */
    getDecodedBuffer(): Uint8ClampedArray;
  }

  const open: () => Promise<{ readonly JPEGDecoder: new () => JPEGDecoder }>;
  export { open as default };
}
