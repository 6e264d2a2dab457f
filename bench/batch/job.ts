/** The job in a process of its own, as the service runs it: `job.ts <folder> [<threads>]`. Prints what it cost as one line of JSON. */
import { availableParallelism } from 'node:os'
import type { StageSeconds } from '../../src/jobs/batchInference/description.ts'
import { batchLimits } from '../../src/jobs/batchInference/limits.ts'
import { runBatchInference } from '../../src/jobs/batchInference/run.ts'
import { stopwatchSeconds } from '../../src/lib/clock.ts'
import { createLog, silentLog } from '../../src/lib/log.ts'
import type { ProgressReport } from '../../src/lib/work.ts'
import { openObjectStore } from '../../src/objects/open.ts'
import { defaultLimits } from '../../src/resources/limits.ts'
import { INPUT_PATH, MODEL_PREFIX, NUM_RESULTS, OUTPUT_PATH, storesOf } from './place.ts'

/** What the parent reads. */
export interface Cost {
  readonly records: number
  readonly failed: number
  readonly outputBytes: number
  readonly threads: number
  /** From the start of the job to its end. */
  readonly seconds: number
  readonly stageSeconds: StageSeconds
  /** CPU time of the whole process, from its start: start-up, model, survey, publication and the kernel's part included. */
  readonly cpuSeconds: number
  readonly peakBytes: number
}

const REPORT_SECONDS = 5
const folder = process.argv[2]
const stores = storesOf(folder)
const threads = Number(process.argv[3] ?? availableParallelism())
const start = stopwatchSeconds()
let reported = start

function progress({ stage, done, total, unit }: ProgressReport): void {
  const now = stopwatchSeconds()
  if (now - reported < REPORT_SECONDS) return
  reported = now
  process.stderr.write(`  ${stage}: ${done} of ${total} ${unit}\n`)
}

const result = await runBatchInference(
  {
    inputPath: INPUT_PATH,
    outputPath: OUTPUT_PATH,
    numResults: NUM_RESULTS,
    recipe: { record: 'userId', scores: true, reasons: true },
    modelPrefix: MODEL_PREFIX,
    stagingPrefix: 'staging/1/',
    limits: batchLimits(defaultLimits),
  },
  {
    objects: openObjectStore(stores.objects),
    artifacts: openObjectStore(stores.artifacts),
    stores,
    scratchFolder: folder,
    threads,
    attempt: 1,
    finished: new Map(),
    checkpoint: async () => {},
    signal: new AbortController().signal,
    progress,
    log: { ...silentLog, warn: createLog().warn },
  },
)
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
const cost: Cost = {
  records: result.records,
  failed: result.failed,
  outputBytes: result.bytes,
  threads,
  seconds: stopwatchSeconds() - start,
  stageSeconds: result.stageSeconds,
  cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
  peakBytes: maxRSS * 1024,
}
process.stdout.write(JSON.stringify(cost))
