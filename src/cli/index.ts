/** The commands that ask a running server, and `keys`, which says whom it will answer. `serve` is not among them: it is a server. */
import type { Command } from './command.ts'
import { evaluate } from './evaluate.ts'
import { explain } from './explain.ts'
import { filter } from './filter.ts'
import { jobs } from './jobs.ts'
import { keys } from './keys.ts'
import { watch } from './watch.ts'

export const cliCommands: Readonly<Record<string, Command>> = { jobs, watch, evaluate, explain, filter, keys }
