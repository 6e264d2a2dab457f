/** Every picture of the documents, drawn from what bench/results keeps: `npm run docs` writes them. */
import { exploration } from './exploration.ts'

export const drawings = (): Readonly<Record<string, string>> => ({
  'docs/guides/exploration.svg': exploration(),
})
