/** Every kernel's plain twin, by its name. */
import type { KernelName } from '../load.ts'
import { factorBlock, flipBlock, panelBlock, updateBlock } from './cholesky.ts'
import type { PlainKernel } from './memory.ts'
import { pairRow } from './pairs.ts'
import { choose, probeMadd, restrict, scorePanel, weigh } from './rank.ts'
import { solveStrip, unpackRow } from './solve.ts'

export const plainKernels: Readonly<Record<KernelName, PlainKernel>> = {
  pairRow,
  updateBlock,
  factorBlock,
  panelBlock,
  flipBlock,
  solveStrip,
  unpackRow,
  probeMadd,
  scorePanel,
  weigh,
  restrict,
  choose,
}
