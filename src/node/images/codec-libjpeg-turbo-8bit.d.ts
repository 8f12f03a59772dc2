// Types for the parts of the package that this library uses. The package has no types of its own.

declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  export interface FrameInfo {
    readonly width: number;
    readonly height: number;
    /** 1 for gray, 3 for everything else. */
    readonly componentCount: number;
  }

  export interface JPEGDecoder {
    /** Returns a buffer for an encoded file of `length` bytes. It is valid until the next call. */
    getEncodedBuffer(length: number): Uint8ClampedArray;
    readHeader(): void;
    decode(): void;
    getFrameInfo(): FrameInfo;
    /** Returns the decoded gray or RGB values. They are valid until the next call. */
    getDecodedBuffer(): Uint8ClampedArray;
  }

  const open: () => Promise<{ readonly JPEGDecoder: new () => JPEGDecoder }>;
  export { open as default };
}
