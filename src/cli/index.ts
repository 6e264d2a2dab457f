/** The commands that ask a running server. `serve` is not among them: it is one. */
import type { Command } from './command.ts'
import { jobs } from './jobs.ts'
import { watch } from './watch.ts'

export const cliCommands: Readonly<Record<string, Command>> = { jobs, watch }
