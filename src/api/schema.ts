/** Schemas: Avro records that say which columns a dataset has. Usable at once, never changed. */
import { checkSchemaForType, parseSchema } from '../datasets/schema.ts'
import { Refusal } from '../lib/refusal.ts'
import { ServiceError } from '../protocol/errors.ts'
import { optional, string, structure } from '../protocol/shape.ts'
import { isUnderWay } from '../resources/lifecycle.ts'
import { dataset, schema } from '../resources/types.ts'
import { creating, describing, listing } from './nounOperations.ts'
import { operation } from './operation.ts'
import { refuseNow } from './refuse.ts'
import { Arn, Domain, dates, Name } from './shapes.ts'

const AvroSchema = string({ max: 20_000 })
const summary = { name: optional(Name), schemaArn: optional(Arn), ...dates, domain: optional(Domain) }

const createSchema = creating('CreateSchema', schema, {
  input: { name: Name, schema: AvroSchema, domain: optional(Domain) },
  errors: ['InvalidInputException', 'ResourceAlreadyExistsException', 'LimitExceededException'],
  async make(input, _resources) {
    checked(() => {
      const parsed = parseSchema(input.schema)
      checkSchemaForType(parsed, parsed.datasetType, input.domain)
    })
    return { body: input, hidden: {} }
  },
})

const describeSchema = describing('DescribeSchema', schema, { ...summary, schema: optional(AvroSchema) })

const listSchemas = listing('ListSchemas', schema, summary)

const deleteSchema = operation({
  name: 'DeleteSchema',
  input: structure({ schemaArn: Arn }),
  output: undefined,
  errors: ['InvalidInputException', 'ResourceNotFoundException', 'ResourceInUseException'],
  async handle(input, { resources }) {
    const found = await resources.get(schema, input.schemaArn)
    const user = await resources.firstWhere(dataset, ({ body: { schemaArn, latestDatasetUpdate: update } }) => {
      return schemaArn === found.arn || (update?.schemaArn === found.arn && isUnderWay(update.status))
    })
    if (user) {
      refuseNow(`The schema ${found.arn} is used by the dataset ${user.arn}.`)
    }
    await resources.transaction.remove(found.arn)
    return undefined
  },
})

/** What `datasets/` and `objects/` refuse is a mistake in the request. */
export function checked<T>(check: () => T, beginning = ''): T {
  try {
    return check()
  } catch (error) {
    if (error instanceof Refusal)
      throw new ServiceError('InvalidInputException', `${beginning} ${error.message}`.trim())
    throw error
  }
}

export const schemaOperations = [createSchema, describeSchema, listSchemas, deleteSchema]
