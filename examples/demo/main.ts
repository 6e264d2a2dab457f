/**
 * `npm run demo`: the whole service in a minute, on films that do not exist. A server is started on a temporary folder, people and films are
 * made up from a seed, and everything else goes through the AWS SDK: import, training, metrics, a batch inference job.
 *
 *   npm run demo -- [--seed N] [--keep]      --keep leaves the data folder, to go on with by `npm start`
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { PersonalizeClient } from '@aws-sdk/client-personalize'
import { readArguments } from '../../scripts/arguments.ts'
import { type Io, processIo } from '../../src/cli/io.ts'
import { count, duration, styleOf } from '../../src/cli/text.ts'
import { follow } from '../../src/cli/watch.ts'
import { openWire } from '../../src/cli/wire.ts'
import { stopwatchSeconds } from '../../src/lib/clock.ts'
import { Flow, type Wait } from '../flow.ts'
import { type DataSet, makeDataSet, STRANGER_ID, writeDataSet } from './dataSet.ts'
import { PERSON_COUNT, personId } from './people.ts'
import { type DemoServer, startServer } from './server.ts'
import { metricsTable, personTable, type Recommendation } from './show.ts'

const MODEL = 'aws-user-personalization-v2'
const BASELINE = 'aws-popularity-count'

/** The demo takes seconds; a step that takes this long on any machine is stuck. */
const STEP_SECONDS_MAX = 300

/** Groups, datasets and solutions are ACTIVE almost at once. */
const QUICK_POLL_MS = 50

const SHOWN_PEOPLE = 3
const SHOWN_FILMS = 6

const USAGE = `usage: npm run demo -- [options]

The whole service on films that do not exist: import, training, metrics, recommendations for everybody.

  --seed N  other people and films (default 7)
  --keep    leaves the data folder, to go on with by \`npm start\`
`
const { values: flags } = readArguments(USAGE, {
  options: { seed: { type: 'string', default: '7' }, keep: { type: 'boolean', default: false } },
})
const controller = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    process.exitCode = 128 + constants.signals[signal]
    controller.abort(new Error('The demo was interrupted.'))
  })
}

const io = processIo(controller.signal)
const style = styleOf(io.out, io.env)
const say = (...lines: string[]) => io.out.write(`${lines.join('\n')}\n`)
const heading = (text: string) => say('', style.bold(text))

const folder = await mkdtemp(join(tmpdir(), 'sommelier-demo-'))
let server: DemoServer | undefined
try {
  const interrupted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason))
  })
  await Promise.race([demonstrate(Number(flags.seed)), interrupted])
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : error}\n`)
  if (!controller.signal.aborted && server) process.stderr.write(`The server's last words:\n${server.lastWords()}\n`)
  process.exitCode ||= 1
} finally {
  await server?.stop()
  if (!flags.keep) await rm(folder, { recursive: true, force: true })
}

async function demonstrate(seed: number): Promise<void> {
  const start = stopwatchSeconds()
  heading('1. People and films')
  const data = makeDataSet(seed)
  const bucket = join(folder, 'buckets', 'demo')
  await writeDataSet(data, seed, bucket)
  say(
    `${count(PERSON_COUNT)} people, ${count(data.films.length)} films, ${count(data.viewings.length)} viewings in two years, made up from seed ${seed}.`,
    style.dim(`${bucket} is what the API calls s3://demo.`),
  )

  heading('2. A server')
  server = await startServer(folder)
  say(`sommelier serve answers at ${server.endpoint}.`)
  const client = new PersonalizeClient({
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'demo', secretAccessKey: 'demo' },
  })
  let label = ''
  const flow = new Flow(
    client,
    'films',
    waitWithBars(server.endpoint, io, () => label),
  )
  const step = <T>(text: string, work: () => Promise<T>): Promise<T> => {
    label = text
    return work()
  }

  heading('3. Import: CreateDatasetGroup, CreateSchema, CreateDataset, CreateDatasetImportJob')
  await step('dataset group', () => flow.createGroup())
  await step('viewings', () =>
    flow.importDataset(
      'Interactions',
      { USER_ID: 'string', ITEM_ID: 'string', TIMESTAMP: 'long', EVENT_TYPE: 'string' },
      's3://demo/interactions.csv',
    ),
  )
  const itemColumns = {
    ITEM_ID: 'string',
    TITLE: 'string',
    GENRES: { type: 'string', categorical: true },
    YEAR: 'int',
    CREATION_TIMESTAMP: 'long',
  } as const
  await step('films', () => flow.importDataset('Items', itemColumns, 's3://demo/items.csv'))
  await step('people', () => flow.importDataset('Users', { USER_ID: 'string', AGE: 'int' }, 's3://demo/users.csv'))

  heading('4. Training: CreateSolution, CreateSolutionVersion')
  const model = await step(MODEL, () => flow.train(MODEL))
  const baseline = await step(BASELINE, () => flow.train(BASELINE))

  heading('5. How good is it? GetSolutionMetrics')
  say(
    'Every tenth person is left out of the training; their newest viewings are to be foretold from the older ones.',
    '',
    ...metricsTable(['model', 'popularity'], await flow.metrics(model), await flow.metrics(baseline), style),
  )

  heading('6. Recommendations for everybody: CreateBatchInferenceJob')
  await step('everybody', () => flow.recommend(model, 's3://demo/people.jsonl', 's3://demo/recommendations/', 25))
  await showPeople(data, join(bucket, 'recommendations', 'people.jsonl.out'))

  heading(`Done in ${duration(stopwatchSeconds() - start)}. What to try next`)
  say(...nextSteps())
}

/** Bars for what takes long; a plain question now and then for what does not. */
function waitWithBars(endpoint: string, io: Io, label: () => string): Wait {
  const wire = openWire(endpoint, io.signal)
  return async (arn, describe) => {
    const isWork = /:(dataset-import-job|batch-inference-job)\/|:solution\/[^/]+\//.test(arn)
    if (isWork) await follow(wire, arn, io, { timeoutSeconds: STEP_SECONDS_MAX, label: label() })
    for (let waited = 0; waited < STEP_SECONDS_MAX * 1000; waited += QUICK_POLL_MS) {
      const { status, failureReason } = await describe()
      if (status === 'ACTIVE') return
      if (status?.endsWith('FAILED')) throw new Error(`${arn}: ${status}: ${failureReason}`)
      await io.wait(QUICK_POLL_MS)
    }
    throw new Error(`${arn} was not ACTIVE after ${duration(STEP_SECONDS_MAX)}.`)
  }
}

/** Some people and the stranger, with what the job's output file has for them. */
async function showPeople(data: DataSet, path: string): Promise<void> {
  const filmOf = new Map(data.films.map(film => [film.id, film]))
  const recommended = new Map<string, Recommendation[]>()
  for (const line of (await readFile(path, 'utf8')).trimEnd().split('\n')) {
    const { input, output } = JSON.parse(line)
    const best: string[] = output.recommendedItems.slice(0, SHOWN_FILMS)
    recommended.set(
      input.userId,
      best.map((id, i) => ({ film: filmOf.get(id)!, score: output.scores[i] })),
    )
  }
  for (let shown = 0; shown < SHOWN_PEOPLE; shown++) {
    const person = 1 + shown * Math.floor(PERSON_COUNT / SHOWN_PEOPLE)
    const id = personId(person)
    const history = data.historyOf(person).map(index => data.films[index])
    say('', ...personTable(id, history, recommended.get(id)!, style))
  }
  say('', ...personTable(STRANGER_ID, [], recommended.get(STRANGER_ID)!, style))
}

function nextSteps(): string[] {
  const kept = flags.keep ? [`  npm start -- --data ${folder}`, '      a server on what this demo made', ''] : []
  return [
    ...kept,
    '  npm start',
    '      a server that stays; then, in another terminal:',
    '  aws personalize list-recipes --endpoint-url http://127.0.0.1:8001 --region us-east-1 --no-sign-request',
    '      any AWS SDK or the AWS CLI talks to it; no account is needed',
    '  npm run examples -- --data FOLDER --name shop',
    '      the same steps on your own CSV files; --help says which (examples/ml-1m.ts, and examples/ml-1m.sh for the AWS CLI)',
    '  docs/start.md',
    '      the way from your data to a nightly batch job',
  ]
}
