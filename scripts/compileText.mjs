/** AssemblyScript that a bench writes → a module, with the features that the service's kernels have (buildKernels.mjs). */

/** The binary of `source`, on an imported shared memory. Plain JavaScript, since the compiler's own types declare a console beside Node's. */
export async function compileText(source) {
  const { default: asc } = await import('assemblyscript/asc') // half a second, which who only reads a report need not wait
  let binary
  const options = ['text.ts', '--outFile', 'text.wasm', '-O3', '--noAssert', '--runtime', 'stub']
  const memory = ['--importMemory', '--sharedMemory', '--maximumMemory', '65536']
  const features = ['simd', 'relaxed-simd', 'threads'].flatMap(name => ['--enable', name])
  const { error, stderr } = await asc.main([...options, ...memory, ...features], {
    readFile: name => (name === 'text.ts' ? source : null),
    writeFile: (name, contents) => {
      if (name === 'text.wasm') binary = contents
    },
    listFiles: () => [],
  })
  if (error) throw new Error(`${stderr}`, { cause: error })
  return binary
}
