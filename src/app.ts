/** The wiring: who gets which store, once, by plain calls. */
import { join } from 'node:path'
import { isLoopback } from './access/configure.ts'
import { type Authenticate, authorize, type Caller, lenient, off, strict } from './access/guard.ts'
import { keyFilePath } from './access/keyFile.ts'
import { Keyring } from './access/keyring.ts'
import { services } from './api/index.ts'
import { type ApiContext, Computed } from './api/operation.ts'
import { subjectsOf } from './api/subjects.ts'
import type { Config } from './config.ts'
import { ARTIFACTS_BUCKET } from './jobs/computeContext.ts'
import { ComputeNow } from './jobs/computeNow.ts'
import { startEngine } from './jobs/engine.ts'
import { recallVerdict } from './jobs/kernelVerdict.ts'
import { type Clock, systemClock } from './lib/clock.ts'
import type { Log } from './lib/log.ts'
import { openObjectStore } from './objects/open.ts'
import { dispatcher } from './protocol/dispatch.ts'
import { ServiceError } from './protocol/errors.ts'
import { startHttp } from './protocol/http.ts'
import { Resources } from './resources/resources.ts'
import { openSqlite } from './resources/sqlite.ts'
import { StateUnwritable } from './resources/stateStore.ts'

export interface App {
  readonly port: number
  /** Answers the running requests, ends the compute processes, closes the state. What they were at goes on at the next start. */
  stop(): Promise<void>
}

/** Operations whose names begin so change nothing, and so cause no work. */
const READING = /^(Describe|List|Get|Explain)/

/** What every service of ours has in its credential scope. */
const SIGNING_NAME = 'personalize'

export async function startApp(config: Config, log: Log, clock: Clock = systemClock): Promise<App> {
  const authenticate = authenticator(config, log, clock)
  const state = openSqlite(config.dataFolder)
  // Opening makes the folder of buckets: a person finds at once where to put files.
  openObjectStore(config.stores.objects)
  await openObjectStore(config.stores.artifacts).createBucket(ARTIFACTS_BUCKET)
  recallVerdict(config.dataFolder)
  const options = { clock, limits: config.limits, secret: state.secret }
  const computing = {
    stores: config.stores,
    scratchFolder: join(config.dataFolder, 'scratch'),
    threads: config.threads,
    filterEventsPerType: config.filterEventsPerType,
    exactProbabilities: config.exactProbabilities,
    log,
  }
  const engine = await startEngine({ ...options, ...computing, state, autoTraining: config.autoTraining })
  const computeNow = new ComputeNow(computing)
  const dispatch = dispatcher<ApiContext, Caller>(services, {
    authenticate,
    authorize(caller, action, operation, input) {
      if (caller.identity) authorize(caller, action, subjectsOf(operation, input, caller))
    },
    async within({ account, region }, operation, handle) {
      const answer = await state
        .transact(transaction => handle({ resources: new Resources(transaction, { account, region }, options) }))
        .catch(unavailable)
      if (!READING.test(operation.name)) engine.wake()
      return answer instanceof Computed ? ((await computeNow.run(answer)) as typeof answer) : answer
    },
  })
  const http = await startHttp({ host: config.host, port: config.port, log }, dispatch)
  return {
    port: http.port,
    async stop() {
      await computeNow.stop()
      await http.stop()
      await engine.stop()
      await state.close()
    },
  }
}

/** A full disk is nobody's mistake, and passes: clients try again by themselves. */
function unavailable(error: unknown): never {
  if (error instanceof StateUnwritable) throw new ServiceError('ServiceUnavailable', error.message)
  throw error
}

function authenticator(config: Config, log: Log, clock: Clock): Authenticate {
  const { auth, host, account, region } = config
  if (auth === 'off') return off({ account, region }, isLoopback(host))
  const keyring = new Keyring(keyFilePath(config.dataFolder), config.ownKey, { clock, log })
  if (auth === 'strict' && keyring.size === 0) {
    log.warn("there is no access key yet, so nobody can call: 'sommelier keys create' makes one")
  }
  return { lenient, strict }[auth]({ keyring, account, service: SIGNING_NAME, clock })
}
