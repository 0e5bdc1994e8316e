/** What is used here of WebAssembly's JavaScript interface; TypeScript has the whole of it only for browsers. */
declare namespace WebAssembly {
  interface MemoryDescriptor {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }
  class Memory {
    constructor(descriptor: MemoryDescriptor);
    readonly buffer: SharedArrayBuffer;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: Readonly<Record<string, Readonly<Record<string, Memory>>>>);
    readonly exports: Readonly<Record<string, unknown>>;
  }
}

/** The module of `kernel.wat`, which the build makes. */
declare module '#word2vec-kernel' {
  export const bytes: Uint8Array;
}
