/**
 * The service of the bench, asked through its API: a data folder, a server on it, a dataset, a solution version, jobs. What a job cost stands in
 * the server's log, where the compute process says it of itself.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import {
  CreateBatchInferenceJobCommand,
  CreateBatchSegmentJobCommand,
  CreateDatasetCommand,
  CreateDatasetGroupCommand,
  CreateDatasetImportJobCommand,
  CreateFilterCommand,
  CreateSchemaCommand,
  CreateSolutionCommand,
  CreateSolutionVersionCommand,
  DescribeBatchInferenceJobCommand,
  DescribeBatchSegmentJobCommand,
  DescribeDatasetCommand,
  DescribeDatasetGroupCommand,
  DescribeDatasetImportJobCommand,
  DescribeFilterCommand,
  DescribeSolutionCommand,
  DescribeSolutionVersionCommand,
  PersonalizeClient,
} from '@aws-sdk/client-personalize'
import { recipeArn, waitByPolling } from '../../examples/flow.ts'
import { assert } from '../../src/lib/assert.ts'
import { stopwatchSeconds } from '../../src/lib/clock.ts'
import { interactionsSchema } from '../../test/support/interactionsSchema.ts'
import { answeredIn, type Cost, costIn, type JobCost } from './costs.ts'

/** Everything the bench makes has this name, or begins with it. */
const NAME = 'bench'
const roleArn = 'arn:aws:iam::000000000000:role/bench'
/** The second names the type that all events of the world have: it asks for the same, and for types. */
const EXPRESSIONS = {
  met: 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
  typed: 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("v")',
} as const
const SCHEMA = interactionsSchema([{ name: 'EVENT_TYPE', type: 'string' }])

export interface Job {
  readonly name: string
  /** Of the bucket. */
  readonly input: string
  readonly filter?: keyof typeof EXPRESSIONS
}

export class Service {
  readonly #folder: string
  #server: ChildProcess | undefined
  #log: Promise<string> = Promise.resolve('')
  #client = new PersonalizeClient({})
  #version = ''
  readonly #filters = new Map<keyof typeof EXPRESSIONS, string>()
  #dataset = ''

  constructor(folder: string) {
    this.#folder = folder
  }

  file(name: string): string {
    return join(this.#folder, 'buckets', NAME, name)
  }

  async start(threads: number): Promise<void> {
    const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
    const flags = ['--port', '0', '--data', this.#folder, '--threads', String(threads), '--auth', 'off']
    // 50 million records are a little more than the reference's gigabyte.
    flags.push('--limits', 'batchInputBytes=off')
    const server = spawn(process.execPath, [main, 'serve', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#log = text(server.stderr)
    this.#server = server
    const [ready] = (await once(server.stdout, 'data')) as [Buffer]
    const endpoint = /http:[^,]+/.exec(ready.toString())?.[0]
    assert(endpoint, 'the server says where it is')
    const credentials = { accessKeyId: 'x', secretAccessKey: 'y' }
    this.#client = new PersonalizeClient({ endpoint, region: 'us-east-1', credentials })
  }

  /** Answers its log. */
  async stop(): Promise<string> {
    const server = this.#server
    if (!server) return ''
    this.#server = undefined
    if (server.exitCode === null) {
      server.kill('SIGTERM')
      await once(server, 'exit')
    }
    return this.#log
  }

  /** A solution version trained on the events in `sample`. */
  async train(sample: string, recipe = 'aws-user-personalization'): Promise<void> {
    const client = this.#client
    const { datasetGroupArn } = await client.send(new CreateDatasetGroupCommand({ name: NAME }))
    await waitByPolling(
      datasetGroupArn!,
      async () => (await client.send(new DescribeDatasetGroupCommand({ datasetGroupArn }))).datasetGroup!,
    )
    const { schemaArn } = await client.send(new CreateSchemaCommand({ name: NAME, schema: SCHEMA }))
    const { datasetArn } = await client.send(
      new CreateDatasetCommand({ name: NAME, schemaArn, datasetGroupArn, datasetType: 'Interactions' }),
    )
    await waitByPolling(
      datasetArn!,
      async () => (await client.send(new DescribeDatasetCommand({ datasetArn }))).dataset!,
    )
    this.#dataset = datasetArn!
    await this.importEvents(sample)
    const { solutionArn } = await client.send(
      new CreateSolutionCommand({
        name: NAME,
        datasetGroupArn,
        recipeArn: recipeArn(recipe),
        performAutoTraining: false,
        solutionConfig: { algorithmHyperParameters: { hidden_dimension: '64' } },
      }),
    )
    await waitByPolling(
      solutionArn!,
      async () => (await client.send(new DescribeSolutionCommand({ solutionArn }))).solution!,
    )
    const { solutionVersionArn } = await client.send(new CreateSolutionVersionCommand({ solutionArn }))
    await waitByPolling(
      solutionVersionArn!,
      async () => (await client.send(new DescribeSolutionVersionCommand({ solutionVersionArn }))).solutionVersion!,
    )
    this.#version = solutionVersionArn!
    for (const [name, filterExpression] of Object.entries(EXPRESSIONS)) {
      const { filterArn } = await client.send(
        new CreateFilterCommand({ name: `${NAME}-${name}`, datasetGroupArn, filterExpression }),
      )
      await waitByPolling(filterArn!, async () => (await client.send(new DescribeFilterCommand({ filterArn }))).filter!)
      this.#filters.set(name as keyof typeof EXPRESSIONS, filterArn!)
    }
  }

  /** In place of what was imported before. Answers how many seconds it took. */
  async importEvents(file: string): Promise<number> {
    const client = this.#client
    const start = stopwatchSeconds()
    const { datasetImportJobArn } = await client.send(
      new CreateDatasetImportJobCommand({
        jobName: `${NAME}-${file.replaceAll('.', '-')}`,
        datasetArn: this.#dataset,
        dataSource: { dataLocation: `s3://${NAME}/${file}` },
        roleArn,
      }),
    )
    await waitByPolling(
      datasetImportJobArn!,
      async () => (await client.send(new DescribeDatasetImportJobCommand({ datasetImportJobArn }))).datasetImportJob!,
    )
    return stopwatchSeconds() - start
  }

  /** Runs a job on a server of so many threads; its output is the file `answered(job)`. */
  async run(job: Job, threads: number): Promise<JobCost> {
    await this.start(threads)
    const client = this.#client
    const start = stopwatchSeconds()
    const { batchInferenceJobArn } = await client.send(
      new CreateBatchInferenceJobCommand({
        jobName: job.name,
        solutionVersionArn: this.#version,
        numResults: 25,
        ...(job.filter && { filterArn: this.#filters.get(job.filter) }),
        jobInput: { s3DataSource: { path: `s3://${NAME}/${job.input}` } },
        jobOutput: { s3DataDestination: { path: `s3://${NAME}/${job.name}/` } },
        roleArn,
      }),
    )
    await waitByPolling(
      batchInferenceJobArn!,
      async () =>
        (await client.send(new DescribeBatchInferenceJobCommand({ batchInferenceJobArn }))).batchInferenceJob!,
    )
    return { wholeSeconds: stopwatchSeconds() - start, ...costIn(await this.stop()) }
  }

  /** Runs a batch segment job on one thread; its output is the file segments/<input>.out. */
  async segment(input: string, numResults: number): Promise<Cost> {
    await this.start(1)
    const client = this.#client
    const start = stopwatchSeconds()
    const { batchSegmentJobArn } = await client.send(
      new CreateBatchSegmentJobCommand({
        jobName: NAME,
        solutionVersionArn: this.#version,
        numResults,
        jobInput: { s3DataSource: { path: `s3://${NAME}/${input}` } },
        jobOutput: { s3DataDestination: { path: `s3://${NAME}/segments/` } },
        roleArn,
      }),
    )
    await waitByPolling(
      batchSegmentJobArn!,
      async () => (await client.send(new DescribeBatchSegmentJobCommand({ batchSegmentJobArn }))).batchSegmentJob!,
    )
    const wholeSeconds = stopwatchSeconds() - start
    return { wholeSeconds, ...answeredIn(await this.stop(), 'segment') }
  }

  answered({ name, input }: Job): string {
    return this.file(`${name}/${input}.out`)
  }

  removeAnswers(job: Job): Promise<void> {
    return rm(this.file(job.name), { recursive: true })
  }
}
