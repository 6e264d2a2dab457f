#!/usr/bin/env node
/** `sommelier COMMAND`. Nothing is imported before the version is known to be new enough to import it. */

/** The first with node:sqlite out of its flag and `await using`. */
const NODE_MAJOR_MIN = 24

/** 128 and the number of the signal, as a shell gives it. */
const EXIT_SIGPIPE = 141

if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
  process.stderr.write(
    `sommelier needs Node ${NODE_MAJOR_MIN} or newer; this is ${process.versions.node}. In a clone, 'npm start' brings its own.\n`,
  )
  process.exit(2)
}

const { cliCommands } = await import('./cli/index.ts')
const { processIo } = await import('./cli/io.ts')
const { readVersion } = await import('./lib/version.ts')

const [word = '--help', ...args] = process.argv.slice(2)
const command = Object.hasOwn(cliCommands, word) ? cliCommands[word] : undefined

if (word !== 'serve') process.stdout.on('error', endWithReader)

if (word === 'serve') {
  // Only here: the server brings SQLite with it, the other commands need neither.
  const { serve } = await import('./serve.ts')
  process.exitCode = await serve(args)
} else if (command) {
  const interrupted = new AbortController()
  process.once('SIGINT', () => interrupted.abort(new Error('interrupted')))
  process.exitCode = await command.run(args, processIo(interrupted.signal))
} else if (word === '--version') process.stdout.write(`${readVersion()}\n`)
else if (word === '--help' || word === '-h' || word === 'help') process.stdout.write(help())
else {
  process.stderr.write(`sommelier has no command '${word}'.\n\n${help()}`)
  process.exitCode = 2
}

/** Whoever reads has seen enough (`… | head`): the command ends as SIGPIPE would end it, which Node ignores. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit(EXIT_SIGPIPE)
}

function help(): string {
  const commands = Object.entries({
    serve: { summary: 'Run the server.' },
    ...cliCommands,
  }).map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}\n`)
  return `sommelier ${readVersion()}: a recommender service that speaks the Amazon Personalize APIs.\n\nusage: sommelier COMMAND [options]\n\n${commands.join('')}\n'sommelier COMMAND --help' says more.\n`
}
