/**
 * Put before a process by NODE_OPTIONS, it stands for a V8 whose revectorizer has a fault: the kernel `innerProducts` leaves a wrong last word behind,
 * as a register that is spilled to the wrong place would.
 */
if (process.execArgv.includes('--experimental-wasm-revectorize')) {
  const Sound = WebAssembly.Instance
  WebAssembly.Instance = class {
    constructor(module, imports) {
      const { exports } = new Sound(module, imports)
      this.exports = {
        ...exports,
        innerProducts(params, task) {
          exports.innerProducts(params, task)
          const words = new Int32Array(imports.env.memory.buffer)
          words[words.length - 1] = 1
        },
      }
    }
  }
}
