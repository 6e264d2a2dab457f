/** Every picture of the documents, drawn from what bench/results keeps: `npm run docs` writes them. */
import { exploration } from './exploration.ts'
import { performance } from './performance.ts'
import { quality } from './quality.ts'

export const drawings = (): Readonly<Record<string, string>> => ({
  'docs/guides/exploration.svg': exploration(),
  ...performance(),
  ...quality(),
})
