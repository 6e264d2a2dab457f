/** What a number was measured on, and when: one line. */
import { availableParallelism, cpus, totalmem } from 'node:os'

export function machine(): string {
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  const date = new Date().toISOString().slice(0, 10)
  return `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}, ${gigabytes} GB, ${process.platform} ${process.arch}, Node ${process.version}, ${date}`
}
