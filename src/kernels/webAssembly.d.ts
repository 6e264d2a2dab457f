/** The part of the WebAssembly JavaScript interface used here: neither TypeScript's `esnext` nor @types/node 26 declares it. */
declare namespace WebAssembly {
  interface MemoryDescriptor {
    /** In pages of 64 KiB. */
    initial: number
    maximum: number
    shared: true
  }
  class Memory {
    constructor(descriptor: MemoryDescriptor)
    readonly buffer: SharedArrayBuffer
    grow(pages: number): number
  }
  class Global {
    value: number
  }
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Instance {
    constructor(module: Module, imports: { env: { memory: Memory } })
    readonly exports: object
  }
}
