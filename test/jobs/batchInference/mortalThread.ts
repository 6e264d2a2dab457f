/** The real thread, but mortal. */
import './mortal.ts'

await import('../../../src/jobs/batchInference/thread.ts')
