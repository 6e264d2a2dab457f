/** Which fields a schema must and may have, by dataset type and domain: the tables of spec/datasets-schemas.md §1 as data. */

export type DatasetType = 'INTERACTIONS' | 'ITEMS' | 'USERS' | 'ACTIONS' | 'ACTION_INTERACTIONS'
export type Domain = 'ECOMMERCE' | 'VIDEO_ON_DEMAND'
export type ColumnType = 'string' | 'int' | 'long' | 'float' | 'double' | 'boolean'

/** A field whose name AWS has given a meaning. */
export interface ReservedField {
  readonly type: ColumnType
  readonly required?: true
  /** May be a union with null. */
  readonly nullable?: true
  /** The attribute it must carry; without one it must carry none. */
  readonly attribute?: 'categorical' | 'textual'
}

export interface SchemaRules {
  readonly fields: Readonly<Record<string, ReservedField>>
  /** Fields beside the required ones that are categorical, textual or numeric. */
  readonly metadataMin: 0 | 1
  /** Fields that are not reserved. */
  readonly metadataMax: number
}

/** The record's name says what it is a schema of. */
export const RECORD_NAMES: Readonly<Record<string, DatasetType>> = {
  Interactions: 'INTERACTIONS',
  Items: 'ITEMS',
  Users: 'USERS',
  Actions: 'ACTIONS',
  ActionInteractions: 'ACTION_INTERACTIONS',
}

/** A dataset of things has one row a thing, and the last word on it counts. */
export const ID_OF_TYPE: { readonly [type in DatasetType]?: string } = {
  ITEMS: 'ITEM_ID',
  USERS: 'USER_ID',
  ACTIONS: 'ACTION_ID',
}

const id: ReservedField = { type: 'string', required: true }
const requiredLong: ReservedField = { type: 'long', required: true }
const long: ReservedField = { type: 'long' }
const nullableLong: ReservedField = { type: 'long', nullable: true }
const nullableString: ReservedField = { type: 'string', nullable: true }
const categorical: ReservedField = { type: 'string', nullable: true, attribute: 'categorical' }
const textual: ReservedField = { type: 'string', nullable: true, attribute: 'textual' }
const nullableFloat: ReservedField = { type: 'float', nullable: true }

const interactions: SchemaRules = {
  fields: {
    USER_ID: id,
    ITEM_ID: id,
    TIMESTAMP: requiredLong,
    EVENT_TYPE: { type: 'string' },
    EVENT_VALUE: nullableFloat,
    IMPRESSION: nullableString,
    RECOMMENDATION_ID: nullableString,
    EVENT_ATTRIBUTION_SOURCE: nullableString,
  },
  metadataMin: 0,
  metadataMax: 5,
}
const users: SchemaRules = { fields: { USER_ID: id }, metadataMin: 1, metadataMax: 25 }

const customRules: Readonly<Record<DatasetType, SchemaRules>> = {
  INTERACTIONS: interactions,
  ITEMS: { fields: { ITEM_ID: id, CREATION_TIMESTAMP: long }, metadataMin: 1, metadataMax: 100 },
  USERS: users,
  ACTIONS: {
    fields: {
      ACTION_ID: id,
      CREATION_TIMESTAMP: long,
      VALUE: nullableLong,
      TYPE: nullableString,
      // The guide uses both names for it.
      ACTION_EXPIRATION_TIMESTAMP: nullableLong,
      EXPIRATION_TIMESTAMP: nullableLong,
      REPEAT_FREQUENCY: nullableLong,
    },
    metadataMin: 1,
    metadataMax: 10,
  },
  ACTION_INTERACTIONS: {
    fields: {
      USER_ID: id,
      ACTION_ID: id,
      EVENT_TYPE: id,
      TIMESTAMP: requiredLong,
      IMPRESSION: { type: 'string' },
      RECOMMENDATION_ID: nullableString,
    },
    metadataMin: 0,
    metadataMax: 5,
  },
}

const domainInteractions: SchemaRules = { ...interactions, fields: { ...interactions.fields, EVENT_TYPE: id } }
const requiredCategorical: ReservedField = { type: 'string', required: true, attribute: 'categorical' }

const domainRules: Readonly<Record<Domain, Partial<Record<DatasetType, SchemaRules>>>> = {
  VIDEO_ON_DEMAND: {
    INTERACTIONS: domainInteractions,
    USERS: users,
    ITEMS: {
      fields: {
        ITEM_ID: id,
        GENRES: requiredCategorical,
        CREATION_TIMESTAMP: requiredLong,
        PRICE: nullableFloat,
        DURATION: nullableFloat,
        GENRE_L2: categorical,
        GENRE_L3: categorical,
        AVERAGE_RATING: nullableFloat,
        PRODUCT_DESCRIPTION: textual,
        CONTENT_OWNER: categorical,
        CONTENT_CLASSIFICATION: categorical,
      },
      metadataMin: 0,
      metadataMax: 100,
    },
  },
  ECOMMERCE: {
    INTERACTIONS: domainInteractions,
    USERS: users,
    ITEMS: {
      fields: {
        ITEM_ID: id,
        PRICE: { type: 'float', required: true },
        CATEGORY_L1: requiredCategorical,
        CATEGORY_L2: categorical,
        CATEGORY_L3: categorical,
        PRODUCT_DESCRIPTION: textual,
        CREATION_TIMESTAMP: nullableLong,
        AGE_GROUP: categorical,
        ADULT: categorical,
        GENDER: categorical,
      },
      metadataMin: 0,
      metadataMax: 100,
    },
  },
}

/** undefined: the domain has no such dataset. */
export const rulesFor = (type: DatasetType, domain?: Domain): SchemaRules | undefined =>
  domain ? domainRules[domain][type] : customRules[type]
