/**
 * assembly/*.ts → build/kernels.wasm. Plain JavaScript, since Node 20 has to run it before Node 26 is there; does nothing when the
 * module is newer than everything it is made of. Register tiles are written by generateKernels.mjs.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HEADER, scoreTile, screenTile, updateTile } from './generateKernels.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const assembly = join(root, 'assembly')
const parameters = join(root, 'src/kernels/parameters.ts')
const factorParameters = join(root, 'src/kernels/factorParameters.ts')
const output = join(root, 'build/kernels.wasm')
const compiler = createRequire(import.meta.url).resolve('assemblyscript/package.json')

const sources = [
  ...readdirSync(assembly).map(name => join(assembly, name)),
  ...readdirSync(dirname(parameters))
    .filter(name => /parameters\.ts$/i.test(name))
    .map(name => join(dirname(parameters), name)),
  compiler,
  fileURLToPath(import.meta.url),
  fileURLToPath(new URL('generateKernels.mjs', import.meta.url)),
]
const modified = path => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
if (!sources.some(source => modified(source) >= modified(output))) process.exit(0)

const constants = readFileSync(parameters, 'utf8') + readFileSync(factorParameters, 'utf8')
const constant = name => Number(new RegExp(`export const ${name} = (\\d+)`).exec(constants)[1])

mkdirSync(join(root, 'build/assembly'), { recursive: true })
const rows = constant('FACTOR_TILE_ROWS')
const columns = constant('TILE_COLUMNS')
writeFileSync(join(root, 'build/assembly/tile.ts'), updateTile(constant('TILE_ROWS'), columns))
// Of each a tile for 256-bit vectors and one for 128: ten accumulators leave room for the other operands in 16 registers.
const tiles = [scoreTile(rows, columns, columns), scoreTile(rows, columns / 2, columns)]
for (const kind of ['long', 'short']) tiles.push(screenTile(kind, rows, columns), screenTile(kind, rows, columns / 2))
writeFileSync(join(root, 'build/assembly/tiles.ts'), HEADER + tiles.join('\n'))

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
