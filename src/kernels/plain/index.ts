/** Every kernel's plain twin, by its name. */
import type { KernelName } from '../load.ts'
import { writeAnswers } from './answers.ts'
import { bestOf } from './bestOf.ts'
import { flipBlock, panelBlock, updateBlock } from './cholesky.ts'
import { unpackCodes } from './codes.ts'
import { foldIn, openItems, quantise, scaleQuery, screenStart } from './factors.ts'
import { findIds } from './ids.ts'
import { scanLines } from './lines.ts'
import { solveDirections } from './lowRank.ts'
import type { PlainKernel } from './memory.ts'
import { gramRow, neighbourRow } from './neighbours.ts'
import { pairRow, togetherRow } from './pairs.ts'
import { poolListed, poolScores, poolSums } from './pool.ts'
import { poolChoose, poolEstimate } from './poolEstimate.ts'
import { choose, probeMadd, restrict, scorePanel, weigh } from './rank.ts'
import { searchRest } from './rest.ts'
import { solveStrip, unpackRow } from './solve.ts'
import {
  estimate,
  packScorePanels,
  packScoreTile,
  scoreGroup,
  scoreItems,
  scoreListed,
  shares,
  sumWeights,
} from './sumWeights.ts'
import { innerProducts, turnRows } from './tall.ts'
import { bestRows, eventTable, userScores, writeIds } from './users.ts'

export const plainKernels: Readonly<Record<KernelName, PlainKernel>> = {
  pairRow,
  togetherRow,
  gramRow,
  neighbourRow,
  updateBlock,
  panelBlock,
  flipBlock,
  solveStrip,
  unpackRow,
  probeMadd,
  scorePanel,
  weigh,
  restrict,
  choose,
  poolSums,
  poolScores,
  poolEstimate,
  poolChoose,
  solveDirections,
  innerProducts,
  turnRows,
  scanLines,
  findIds,
  unpackCodes,
  writeAnswers,
  foldIn,
  openItems,
  scaleQuery,
  quantise,
  screenStart,
  bestOf,
  searchRest,
  packScoreTile,
  packScorePanels,
  scoreGroup,
  sumWeights,
  estimate,
  shares,
  scoreItems,
  scoreListed,
  poolListed,
  eventTable,
  userScores,
  bestRows,
  writeIds,
}
