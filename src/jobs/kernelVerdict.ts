/**
 * What a compute process found out about the kernels. The same module, engine, flags and processor give the same code, so no other need compare
 * it with the twins once more, which takes a second: neither while this process lives nor, by `<data>/kernels.json`, after the next start. A job
 * that a restart takes up is back at work that much sooner.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { kernelDigest } from '../kernels/load.ts'

interface Verdict {
  /** Whether V8's revectorizer is on: as long as nothing is wrong with what it makes of the kernels. */
  revectorize: boolean
  /** Whether the kernels agree with their twins, the revectorizer being on or off. */
  checked: boolean
}

/** Of this process, however many servers are in it. */
export const verdict: Verdict = { revectorize: true, checked: false }

let path: string | undefined

/** Takes over what was found on this machine, if anything was, and from now on keeps there what is. */
export function recallVerdict(dataFolder: string): void {
  path = join(dataFolder, 'kernels.json')
  if (verdict.checked) return
  try {
    const { revectorize, ...of } = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof revectorize !== 'boolean' || JSON.stringify(of) !== JSON.stringify(subject())) return
    Object.assign(verdict, { revectorize, checked: true })
  } catch {
    // None yet, or not one of ours: the next compute process compares.
  }
}

/** The kernels agree. What cannot be written is found out again. */
export function keepVerdict(): void {
  verdict.checked = true
  if (path === undefined) return
  try {
    writeFileSync(`${path}.new`, `${JSON.stringify({ ...subject(), revectorize: verdict.revectorize })}\n`)
    renameSync(`${path}.new`, path)
  } catch {}
}

/** What it is about. */
const subject = () => ({
  kernels: kernelDigest(),
  v8: process.versions.v8,
  processor: `${process.arch}, ${cpus()[0]?.model ?? 'unknown'}`,
})
