/** Which release this is. */
import { readFileSync } from 'node:fs'

/** From package.json: beside `src/` in a clone, beside `dist/` in the package. */
export function readVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}
