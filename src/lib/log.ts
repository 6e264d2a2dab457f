/** One line an event on standard error: `time level message key=value …`. */
import { type Clock, systemClock } from './clock.ts'

export interface Log {
  info(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  error(message: string, fields?: Fields): void
}

export type Fields = Record<string, string | number | boolean | undefined>

export function createLog(
  write: (line: string) => void = line => process.stderr.write(line),
  clock: Clock = systemClock,
): Log {
  const at =
    (level: string) =>
    (message: string, fields: Fields = {}) => {
      const pairs = Object.entries(fields)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => ` ${key}=${typeof value === 'string' ? JSON.stringify(value) : value}`)
      write(`${new Date(clock.nowMs()).toISOString()} ${level} ${message}${pairs.join('')}\n`)
    }
  return { info: at('info'), warn: at('warn'), error: at('error') }
}

export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} }
