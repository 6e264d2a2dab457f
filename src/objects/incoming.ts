/**
 * Files on their way into a folder store. They grow in a hidden folder of the store, on the same file system, and are renamed to their
 * place when they are whole. What a killed process left there is removed when a store is opened; a name tells whose file it is:
 *
 *   <machine>.<pid>.<start>.<name>
 *
 * `machine` is a hash of the running kernel and its process namespace, `start` is when the process began, so neither a container whose
 * processes are always number 7 nor another host on the same network disk is mistaken for a dead process. A file that outlives its process
 * (growingFile.ts) is called `kept.<name>` and treated like those of another machine.
 */
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, unlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../lib/clock.ts'
import { uniqueName } from './names.ts'

/** Hidden, so that it is no bucket. */
export const INCOMING_FOLDER = '.sommelier-incoming'

/** Of another machine's files it is unknown whose are alive. A living one is written to all the time, not once a day. */
const FOREIGN_AGE_MS_MAX = 24 * 3600 * 1000

const LINUX = process.platform === 'linux'

export function incomingName(): string {
  return `${machine()}.${process.pid}.${processStart(process.pid)}.${uniqueName()}`
}

/** Of a file that another process may go on with. */
export const keptName = (name: string): string => `kept.${name}`

/** Makes the hidden folder of the store at `root` and removes what dead processes left in it. */
export function prepareIncoming(root: string): void {
  const folder = join(root, INCOMING_FOLDER)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    try {
      if (isStale(name, lstatSync(path).mtimeMs)) unlinkSync(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error // Another process was quicker.
    }
  }
}

function isStale(name: string, modifiedMs: number): boolean {
  const [owner, pid, start] = name.split('.')
  if (owner === machine()) return processStart(Number(pid)) !== start
  return systemClock.nowMs() - modifiedMs > FOREIGN_AGE_MS_MAX
}

function machine(): string {
  const identity = LINUX
    ? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8') + readlinkSync('/proc/self/ns/pid')
    : hostname()
  return createHash('sha256').update(identity).digest('hex').slice(0, 16)
}

/** When the process began, in clock ticks since the machine did (proc(5), stat, field 22); elsewhere than on Linux only whether it lives. */
function processStart(pid: number): string | undefined {
  try {
    if (!LINUX) return process.kill(pid, 0) ? 'alive' : undefined
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'alive' : undefined
  }
}
