/** The kernels. Each has the signature (params, task); its plain twin in src/kernels/ says the same in scalar arithmetic. */
export { thread } from './words'
export { pairRow, togetherRow } from './pairs'
export { gramRow, neighbourRow } from './neighbours'
export { updateBlock, factorBlock, panelBlock, flipBlock } from './cholesky'
export { solveStrip, unpackRow } from './solve'
export { probeMadd, scorePanel } from './score'
export { weigh, restrict, choose } from './rank'
export { poolScores } from './pool'
