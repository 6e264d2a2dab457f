/** Every kind of work there is. Nothing else lists them. */
import { batchInference } from './batchInference.ts'
import { forget } from './forget.ts'
import { importDataset } from './importDataset.ts'
import { makeReady } from './makeReady.ts'
import { trainSolutionVersion } from './trainSolutionVersion.ts'
import type { AnyWorkKind } from './workKind.ts'

export const workKinds: readonly AnyWorkKind[] = [
  makeReady,
  forget,
  importDataset,
  trainSolutionVersion,
  batchInference,
] as unknown as AnyWorkKind[]
