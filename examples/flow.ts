/**
 * From CSV files to recommendations, through the AWS SDK and nothing else: the seven calls every user of the service makes, in order.
 * The same code runs against any endpoint that speaks the API.
 */
import {
  CreateBatchInferenceJobCommand,
  CreateDatasetCommand,
  CreateDatasetGroupCommand,
  CreateDatasetImportJobCommand,
  CreateSchemaCommand,
  CreateSolutionCommand,
  CreateSolutionVersionCommand,
  DescribeBatchInferenceJobCommand,
  DescribeDatasetCommand,
  DescribeDatasetGroupCommand,
  DescribeDatasetImportJobCommand,
  DescribeSolutionCommand,
  DescribeSolutionVersionCommand,
  GetSolutionMetricsCommand,
  type PersonalizeClient,
} from '@aws-sdk/client-personalize'

/** What a Describe operation says of a resource on its way to ACTIVE. */
export interface Standing {
  readonly status?: string | undefined
  readonly failureReason?: string | undefined
}

/** Waits until a resource is ACTIVE, by asking `describe` again and again; throws when it will never be. */
export type Wait = (arn: string, describe: () => Promise<Standing>) => Promise<void>

export type DatasetType = 'Interactions' | 'Items' | 'Users'

/** Columns in the words of an Avro schema: `{ YEAR: 'int' }`; an object for a categorical one. */
export type Columns = Record<string, string | { type: string | string[]; categorical: true }>

/** The role a job acts as. Sommelier asks for one, because the API does, and reads with its own rights. */
const roleArn = 'arn:aws:iam::000000000000:role/Sommelier'

export const recipeArn = (name: string): string => `arn:aws:personalize:::recipe/${name}`

/** Polls once a second, for an hour at most: for a server that tells nothing but the status. */
export const waitByPolling: Wait = async (arn, describe) => {
  const POLLS_MAX = 3600
  for (let poll = 0; poll < POLLS_MAX; poll++) {
    const { status, failureReason } = await describe()
    if (status === 'ACTIVE') return
    if (status?.endsWith('FAILED') || status?.endsWith('STOPPED'))
      throw new Error(`${arn}: ${status}: ${failureReason}`)
    await new Promise(resolve => setTimeout(resolve, 1000))
  }
  throw new Error(`${arn} was not ACTIVE after an hour.`)
}

export class Flow {
  readonly #client: PersonalizeClient
  readonly #name: string
  readonly #wait: Wait
  #groupArn = ''

  /** `name` is that of the dataset group and the beginning of every other name. */
  constructor(client: PersonalizeClient, name: string, wait: Wait) {
    this.#client = client
    this.#name = name
    this.#wait = wait
  }

  async createGroup(): Promise<void> {
    const created = await this.#client.send(new CreateDatasetGroupCommand({ name: this.#name }))
    const datasetGroupArn = created.datasetGroupArn!
    const describe = () => this.#client.send(new DescribeDatasetGroupCommand({ datasetGroupArn }))
    await this.#wait(datasetGroupArn, async () => (await describe()).datasetGroup!)
    this.#groupArn = datasetGroupArn
  }

  /** A schema, a dataset of that schema, and the CSV file at `location` in it. */
  async importDataset(type: DatasetType, columns: Columns, location: string): Promise<void> {
    const name = `${this.#name}-${type.toLowerCase()}`
    const { schemaArn } = await this.#client.send(new CreateSchemaCommand({ name, schema: avro(type, columns) }))
    const { datasetArn } = await this.#client.send(
      new CreateDatasetCommand({ name, schemaArn, datasetGroupArn: this.#groupArn, datasetType: type }),
    )
    const describe = () => this.#client.send(new DescribeDatasetCommand({ datasetArn }))
    await this.#wait(datasetArn!, async () => (await describe()).dataset!)
    const { datasetImportJobArn } = await this.#client.send(
      new CreateDatasetImportJobCommand({ jobName: name, datasetArn, dataSource: { dataLocation: location }, roleArn }),
    )
    const describeJob = () => this.#client.send(new DescribeDatasetImportJobCommand({ datasetImportJobArn }))
    await this.#wait(datasetImportJobArn!, async () => (await describeJob()).datasetImportJob!)
  }

  /** A solution with `recipe` and one trained version of it, whose ARN is the answer. */
  async train(recipe: string): Promise<string> {
    const { solutionArn } = await this.#client.send(
      new CreateSolutionCommand({
        name: `${this.#name}-${recipe}`,
        datasetGroupArn: this.#groupArn,
        recipeArn: recipeArn(recipe),
        performAutoTraining: false,
      }),
    )
    const describe = () => this.#client.send(new DescribeSolutionCommand({ solutionArn }))
    await this.#wait(solutionArn!, async () => (await describe()).solution!)
    const { solutionVersionArn } = await this.#client.send(new CreateSolutionVersionCommand({ solutionArn }))
    const describeVersion = () => this.#client.send(new DescribeSolutionVersionCommand({ solutionVersionArn }))
    await this.#wait(solutionVersionArn!, async () => (await describeVersion()).solutionVersion!)
    return solutionVersionArn!
  }

  /** How well the version foretold what people did next: the service's metrics by name. */
  async metrics(solutionVersionArn: string): Promise<Record<string, number>> {
    const answer = await this.#client.send(new GetSolutionMetricsCommand({ solutionVersionArn }))
    return answer.metrics!
  }

  /** The `numResults` best items for every record of `input`, written under `output`. */
  async recommend(solutionVersionArn: string, input: string, output: string, numResults: number): Promise<void> {
    const { batchInferenceJobArn } = await this.#client.send(
      new CreateBatchInferenceJobCommand({
        jobName: `${this.#name}-everybody`,
        solutionVersionArn,
        numResults,
        jobInput: { s3DataSource: { path: input } },
        jobOutput: { s3DataDestination: { path: output } },
        roleArn,
      }),
    )
    const describe = () => this.#client.send(new DescribeBatchInferenceJobCommand({ batchInferenceJobArn }))
    await this.#wait(batchInferenceJobArn!, async () => (await describe()).batchInferenceJob!)
  }
}

function avro(type: DatasetType, columns: Columns): string {
  const fields = Object.entries(columns).map(([name, column]) =>
    typeof column === 'string' ? { name, type: column } : { name, ...column },
  )
  const namespace = 'com.amazonaws.personalize.schema'
  return JSON.stringify({ type: 'record', name: type, namespace, fields, version: '1.0' })
}
