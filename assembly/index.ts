/** The kernels. Each has the signature (params, task); its plain twin in src/kernels/ says the same in scalar arithmetic. */
export { thread } from './words'
export { pairRow } from './pairs'
export { updateBlock, factorBlock, panelBlock, flipBlock } from './cholesky'
export { solveStrip, unpackRow } from './solve'
export { probeMadd, scorePanel } from './score'
export { weigh, restrict, choose } from './rank'
