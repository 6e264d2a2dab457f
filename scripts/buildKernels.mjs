/**
 * assembly/*.ts → build/kernels.wasm. Plain JavaScript, since Node 20 has to run it before Node 26 is there; does nothing when the
 * module is newer than everything it is made of. The matrix product's tile is written by this script: its 24 accumulators are
 * repetition, and the revectorizer (design/performance.md §1) wants them spelled out.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const assembly = join(root, 'assembly')
const parameters = join(root, 'src/kernels/parameters.ts')
const output = join(root, 'build/kernels.wasm')
const compiler = createRequire(import.meta.url).resolve('assemblyscript/package.json')

const sources = [
  ...readdirSync(assembly).map(name => join(assembly, name)),
  parameters,
  join(root, 'src/kernels/byteParameters.ts'),
  compiler,
  fileURLToPath(import.meta.url),
]
const modified = path => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
if (!sources.some(source => modified(source) >= modified(output))) process.exit(0)

const constant = name => Number(new RegExp(`export const ${name} = (\\d+)`).exec(readFileSync(parameters, 'utf8'))[1])

/**
 * tile(c, a, b, depth): c[M][N] -= Σ_k a[k][M] · b[k][N], k ascending from zero, then one subtraction an element.
 * Each row of c is loaded whole before it is stored: interleaved loads and stores are not revectorized.
 */
function tileSource(rows, columns) {
  const vectors = Array.from({ length: columns / 4 }, (_, x) => x)
  const lines = Array.from({ length: rows }, (_, m) => m)
  return `// Written by scripts/buildKernels.mjs.
export function tile(c: usize, a: usize, b: usize, depth: i32): void {
  const zero = f32x4.splat(0)
  let ${lines.flatMap(m => vectors.map(x => `c${m}_${x} = zero`)).join(', ')}
  const end = b + <usize>depth * ${columns * 4}
  while (b < end) {
    const ${vectors.map(x => `b${x} = v128.load(b, ${16 * x})`).join(', ')}
${lines
  .map(
    m => `    const a${m} = v128.load32_splat(a, ${4 * m})
    ${vectors.map(x => `c${m}_${x} = f32x4.relaxed_madd(a${m}, b${x}, c${m}_${x})`).join('; ')}`,
  )
  .join('\n')}
    b += ${columns * 4}
    a += ${rows * 4}
  }
${lines
  .map(
    m => `  const ${vectors.map(x => `o${m}_${x} = v128.load(c, ${m * columns * 4 + 16 * x})`).join(', ')}
  ${vectors.map(x => `v128.store(c, f32x4.sub(o${m}_${x}, c${m}_${x}), ${m * columns * 4 + 16 * x})`).join('; ')}`,
  )
  .join('\n')}
}
`
}

mkdirSync(join(root, 'build/assembly'), { recursive: true })
writeFileSync(join(root, 'build/assembly/tile.ts'), tileSource(constant('TILE_ROWS'), constant('TILE_COLUMNS')))

// Two processes may build at once: each writes a file of its own, and the last rename wins with the same bytes.
const unfinished = `${output}.${process.pid}`
const { default: asc } = await import('assemblyscript/asc')
const { error, stderr } = await asc.main([
  ...[relative(root, join(assembly, 'index.ts')), '--baseDir', root, '--outFile', relative(root, unfinished)],
  ...['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--sharedMemory', '--maximumMemory', '65536'],
  ...['--enable', 'simd', '--enable', 'relaxed-simd', '--enable', 'threads'],
])
if (error) {
  rmSync(unfinished, { force: true })
  process.stderr.write(`${stderr}\nThe kernels in assembly/ did not compile.\n`)
  process.exit(1)
}
renameSync(unfinished, output)
