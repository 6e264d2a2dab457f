/** The wiring: who gets which store, once, by plain calls. */
import { join } from 'node:path'
import { services } from './api/index.ts'
import type { Config } from './config.ts'
import { ARTIFACTS_BUCKET } from './jobs/computeContext.ts'
import { startEngine } from './jobs/engine.ts'
import { type Clock, systemClock } from './lib/clock.ts'
import type { Log } from './lib/log.ts'
import { openObjectStore } from './objects/open.ts'
import { regionOf } from './protocol/credentialScope.ts'
import { dispatcher } from './protocol/dispatch.ts'
import { startHttp } from './protocol/http.ts'
import { Resources } from './resources/resources.ts'
import { openSqlite } from './resources/sqlite.ts'

export interface App {
  readonly port: number
  /** Answers the running requests, ends the compute processes, closes the state. What they were at goes on at the next start. */
  stop(): Promise<void>
}

/** Operations whose names begin so change nothing, and so cause no work. */
const READING = /^(Describe|List|Get)/

export async function startApp(config: Config, log: Log, clock: Clock = systemClock): Promise<App> {
  const state = openSqlite(config.dataFolder)
  // Opening makes the folder of buckets: a person finds at once where to put files.
  openObjectStore(config.stores.objects)
  await openObjectStore(config.stores.artifacts).createBucket(ARTIFACTS_BUCKET)
  const options = { clock, limits: config.limits, secret: state.secret }
  const engine = await startEngine({
    ...options,
    state,
    stores: config.stores,
    scratchFolder: join(config.dataFolder, 'scratch'),
    threads: config.threads,
    log,
  })
  const dispatch = dispatcher(services, async (request, operation, handle) => {
    const scope = { account: config.account, region: regionOf(request.authorization) ?? config.region }
    const answer = await state.transact(transaction =>
      handle({ resources: new Resources(transaction, scope, options) }),
    )
    if (!READING.test(operation.name)) engine.wake()
    return answer
  })
  const http = await startHttp({ host: config.host, port: config.port, log }, dispatch)
  return {
    port: http.port,
    async stop() {
      await http.stop()
      await engine.stop()
      await state.close()
    },
  }
}
