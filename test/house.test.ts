/**
 * The rules of the house (ARCHITECTURE.md), as data. A rule that stops making sense is changed here and there, with a reason, in the
 * same commit; it is not worked around.
 */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const filesOf = (...patterns: string[]) => globSync(patterns, { cwd: root }).sort()
const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** Who may import whom: folders of src/, or single files of them; everybody may import their own folder. */
const layers: Record<string, { may: string[]; because: string }> = {
  lib: { may: [], because: 'it knows nothing of this project' },
  kernels: { may: ['lib'], because: 'it is arithmetic on bare memory' },
  objects: { may: ['lib'], because: 'it stores bytes, whatever they mean' },
  protocol: {
    may: ['lib'],
    because: 'it can be compared with the protocol specification alone: no word of Personalize in it',
  },
  access: { may: ['protocol', 'lib'], because: 'who may call is decided without knowing what the operations do' },
  models: { may: ['kernels', 'lib'], because: 'it can be read by someone who knows recommenders and not AWS' },
  datasets: { may: ['objects', 'lib'], because: 'data is checked and read without knowing who asked' },
  filters: {
    may: ['datasets', 'kernels', 'objects/objectStore', 'lib'],
    because: 'a filter is a language over the columns of datasets, whoever asks for it',
  },
  resources: { may: ['protocol/errors', 'lib'], because: 'records and lifecycles do not depend on what the work is' },
  recipes: {
    may: ['models', 'datasets', 'objects/objectStore', 'protocol/shape', 'lib'],
    because: 'a recipe maps names of AWS onto a model; the object store port is where a model is kept',
  },
  inference: {
    may: ['recipes', 'models', 'kernels', 'lib'],
    because: 'batch and real time share it, so it knows neither',
  },
  jobs: {
    may: [
      'inference',
      'recipes',
      'filters',
      'datasets',
      'models',
      'kernels',
      'resources',
      'objects',
      'protocol/errors',
      'protocol/shape',
      'lib',
    ],
    because: 'work goes on without a request: http and dispatch are not there when it runs',
  },
  api: {
    may: ['protocol', 'resources', 'inference', 'recipes', 'filters', 'datasets', 'jobs', 'objects/objectStore', 'lib'],
    because: 'a request records that work is wanted and never does it',
  },
  cli: {
    may: ['access/keyFile', 'access/policy', 'filters', 'datasets/schema', 'lib'],
    because:
      'it is a client of the wire: there is no second, untested API; keys are made and filters checked without a server',
  },
}

/** Files of src/ itself: configuration is a value, app wires everything, serve runs it, main picks the command. */
const wiring = ['main', 'serve', 'app', 'config']

/** Files nothing that runs in the service needs, with the reason they stand in src/ all the same. */
const unreachable: Record<string, string> = {
  'src/models/itemKnn.ts': 'the baseline every quality report compares with (bench/quality)',
  'src/models/plainScores.ts': 'the definition of a score in scalar arithmetic: what tests compare every ranker with',
}

/** Lines a file may have: a file is one thing, and one thing is read in one sitting. */
const LINES_MAX = 250

/** Longer files, with the reason. */
const longer: Record<string, { lines: number; because: string }> = {
  'src/jobs/engine.ts': { lines: 300, because: 'taking up, running, ending and recovering work are one state machine' },
  'src/resources/types.ts': { lines: 550, because: 'every type of resource is declared here: one reads an entry' },
}

interface Link {
  readonly target: string
  readonly names: readonly string[]
}

const IMPORT = /^(?:import|export)\s+(?:type\s+)?(?:([\w*{][^'"]*?)\s+from\s+)?'([^']+)'/gm
const DYNAMIC_IMPORT = /\bimport\('([^']+)'\)/g
/** A module that is started instead of imported: a thread, a process. The only way to name one that also works in the built package. */
const STARTED = /\bsiblingModule\(import\.meta\.url, '([^']+)'\)/g

/** What a file names: imported modules with the names taken from them ('*' for all), and modules it starts, with no names. */
function linksOf(path: string): Link[] {
  const source = read(path)
  const links: Link[] = []
  const add = (specifier: string, names: string[]) => {
    if (specifier.startsWith('.')) links.push({ target: relative(root, join(root, dirname(path), specifier)), names })
  }
  for (const [, bindings = '', specifier] of source.matchAll(IMPORT)) {
    const braces = /\{([^}]*)\}/s.exec(bindings)?.[1] ?? ''
    const names = braces.split(',').map(
      name =>
        name
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s+as\s+/)[0],
    )
    add(specifier, bindings.includes('*') ? ['*'] : names.filter(name => name !== ''))
  }
  for (const [, specifier] of source.matchAll(DYNAMIC_IMPORT)) add(specifier, ['*'])
  for (const [, name] of source.matchAll(STARTED)) add(`./${name}.ts`, [])
  return links
}

const sources = filesOf('src/**/*.ts').filter(path => !path.endsWith('.d.ts'))
const everything = filesOf('{src,test,bench,examples}/**/*.ts')
const links = new Map(everything.map(path => [path, linksOf(path)]))
const layerOf = (path: string) => path.split('/')[1].replace(/\.ts$/, '')

test('a file imports from further down the story, never back up', () => {
  const wrong: string[] = []
  for (const path of sources) {
    const layer = layerOf(path)
    if (wiring.includes(layer)) continue
    if (!layers[layer]) {
      wrong.push(`${path}: '${layer}' is not a layer; test/house.test.ts names them all.`)
      continue
    }
    for (const { target } of links.get(path)!) {
      if (!target.startsWith('src/')) continue
      const inside = target.slice('src/'.length).replace(/\.ts$/, '')
      const allowed = [layer, ...layers[layer].may].some(place => inside === place || inside.startsWith(`${place}/`))
      if (!allowed)
        wrong.push(
          `${path} imports ${target}: ${layer} may import ${layers[layer].may.join(', ') || 'nothing'}, because ${layers[layer].because}.`,
        )
    }
  }
  assert.deepEqual(wrong, [])
})

test('the sources import nothing from tests, benches or examples, and name every file with its ending', () => {
  const wrong = sources.flatMap(path =>
    links
      .get(path)!
      .filter(({ target }) => !existsSync(join(root, target)))
      .concat(links.get(path)!.filter(({ target }) => /^(test|bench|examples)\//.test(target)))
      .map(({ target }) => `${path} → ${target}`),
  )
  assert.deepEqual(wrong, [])
})

test('a module that is started is named through siblingModule, so that it is found in the built package', () => {
  const wrong = sources.filter(path => /['"`][^'"`]*\.ts['"`],\s*import\.meta\.url/.test(read(path)))
  assert.deepEqual(wrong, [])
})

test('no file imports itself, by whatever way', () => {
  const state = new Map<string, 'open' | 'closed'>()
  const cycles: string[] = []
  const visit = (path: string, way: string[]) => {
    if (state.get(path) === 'open') cycles.push([...way.slice(way.indexOf(path)), path].join(' → '))
    if (state.has(path)) return
    state.set(path, 'open')
    for (const { target, names } of links.get(path) ?? []) if (names.length > 0) visit(target, [...way, path])
    state.set(path, 'closed')
  }
  for (const path of sources) visit(path, [])
  assert.deepEqual(cycles, [])
})

test('main.ts leads to every file: nothing in src/ is dead', () => {
  const seen = new Set<string>()
  const queue = ['src/main.ts', ...Object.keys(unreachable)]
  for (const path of queue) {
    if (seen.has(path)) continue
    seen.add(path)
    for (const { target } of links.get(path) ?? []) queue.push(target)
  }
  assert.deepEqual(
    sources.filter(path => !seen.has(path)),
    [],
  )
  const needless = Object.keys(unreachable).filter(path =>
    [...links.values()].flat().every(link => link.target !== path),
  )
  assert.deepEqual(needless, [], 'exceptions for files nobody uses')
})

const EXPORT = /^export (?:async )?(?:abstract )?(function\*?|const|let|class|interface|type) (\w+)/gm

test('everything exported is used by another file', () => {
  const taken = new Set<string>()
  for (const list of links.values())
    for (const { target, names } of list) for (const name of names) taken.add(`${target} ${name}`)
  const unused: string[] = []
  for (const path of sources) {
    if (taken.has(`${path} *`)) continue
    const source = read(path)
    for (const [, kind, name] of source.matchAll(EXPORT)) {
      // A type in the signature of something exported is used wherever that is.
      const inSignature = /interface|type/.test(kind) && source.match(new RegExp(`\\b${name}\\b`, 'g'))!.length > 1
      if (!inSignature && !taken.has(`${path} ${name}`)) unused.push(`${path}: ${name}`)
    }
  }
  assert.deepEqual(unused, [])
})

test('Node runs every file as it is: only erasable syntax', () => {
  for (const path of everything) {
    assert.doesNotThrow(
      () => stripTypeScriptTypes(read(path), { mode: 'strip' }),
      `${path} needs more than its types removed`,
    )
  }
})

/** What would make the same input give other bytes tomorrow. Ids and secrets may be random: no result depends on them. */
const UNSEEDED = /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(|\bhrtime\b/

test('clock and randomness come from lib', () => {
  const wrong = sources.filter(path => layerOf(path) !== 'lib' && UNSEEDED.test(read(path)))
  assert.deepEqual(wrong, [])
})

/** Checks or work put off, in comments as well as in code. `t.skip(reason)` says while running what the machine lacks; it puts nothing off. */
const PUT_OFF = /@ts-(?:ignore|expect-error|nocheck)|biome-ignore|\b(?:TODO|FIXME|XXX)\b|(?<!\bt)\.(?:skip|only|todo)\(/

/** Types given up. */
const UNTYPED = /\bas any\b|: any\b|<any>/
const COMMENT = /\/\*[\s\S]*?\*\/|\/\/.*/g

test('nothing is switched off or left for later', () => {
  // Not assembly/: its compiler knows decorators (@inline) that the type checker has to be told to pass over.
  const files = filesOf('{src,test,bench,examples}/**/*.ts', 'scripts/*.mjs').filter(
    path => path !== 'test/house.test.ts',
  )
  assert.deepEqual(
    files.filter(path => PUT_OFF.test(read(path)) || UNTYPED.test(read(path).replaceAll(COMMENT, ''))),
    [],
  )
})

test('every file begins by saying what it is', () => {
  const files = filesOf('{src,bench,examples,assembly}/**/*.ts', 'scripts/*.mjs')
  assert.deepEqual(
    files.filter(path => !/^(?:#!.*\n)?\/\*\*/.test(read(path))),
    [],
  )
})

test('files are short enough to be read in one sitting', () => {
  const wrong: string[] = []
  for (const path of filesOf('{src,bench,examples,assembly}/**/*.ts', 'scripts/*.mjs')) {
    const lines = read(path).split('\n').length - 1
    const most = longer[path]?.lines ?? LINES_MAX
    if (lines > most) wrong.push(`${path} has ${lines} lines; ${most} is the most.`)
    if (longer[path] && lines <= LINES_MAX) wrong.push(`${path} has ${lines} lines and needs no exception any more.`)
  }
  assert.deepEqual(wrong, [])
})

const EXACT_VERSION = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/

test('every dependency is one exact version, and the lock agrees', () => {
  const manifest = JSON.parse(read('package.json'))
  const locked = JSON.parse(read('package-lock.json')).packages['']
  for (const group of ['dependencies', 'devDependencies', 'optionalDependencies']) {
    for (const [name, version] of Object.entries<string>(manifest[group])) {
      assert.match(version, EXACT_VERSION, `${group}: ${name}`)
    }
    assert.deepEqual(locked[group], manifest[group])
  }
})

test('no file names a package registry: npm takes the one its user has set', () => {
  const files = filesOf('*.{json,md}', '{docs,scripts,examples,.ci}/**/*', '.ci/run', '.npmrc').filter(path =>
    /\.\w+$|run$/.test(path),
  )
  assert.deepEqual(
    files.filter(path => /registry\.[a-z]|npmjs\.|"resolved"/.test(read(path))),
    [],
  )
})

test('ARCHITECTURE.md draws the layers as they are', () => {
  const rows = Object.entries(layers).map(([layer, { may }]) => `${layer.padEnd(9)} → ${may.join(' ') || '(nothing)'}`)
  assert.ok(
    read('ARCHITECTURE.md').includes(`\`\`\`\n${rows.join('\n')}\n${wiring.join(', ')} → everything\n\`\`\``),
    rows.join('\n'),
  )
})
