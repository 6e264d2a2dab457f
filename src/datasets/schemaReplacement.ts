/** Which schema may take another's place: one that keeps every field as it is and adds fields that may be null (lifecycle.md §6). */
import { Refusal } from '../lib/refusal.ts'
import type { Column, DatasetSchema } from './schema.ts'

/** Throws Refusal naming the field. */
export function checkReplacement(before: DatasetSchema, after: DatasetSchema): void {
  for (const column of before.columns) {
    const now = after.columns.find(({ name }) => name === column.name)
    if (!now) throw new Refusal(`The new schema has no field ${column.name}: it must keep all fields of the old one.`)
    const changed = (Object.keys(column) as (keyof Column)[]).find(fact => now[fact] !== column[fact])
    if (changed) {
      throw new Refusal(
        `The new schema has another ${wordOf[changed]} of the field ${column.name}: fields of the old one must stay as they are.`,
      )
    }
  }
  for (const { name, nullable } of after.columns) {
    if (before.columns.some(column => column.name === name) || nullable) continue
    throw new Refusal(
      `The new schema adds the field ${name}, whose type must be a union with null: old records have none.`,
    )
  }
}

const wordOf: Readonly<Record<keyof Column, string>> = {
  name: 'name',
  type: 'type',
  nullable: 'type',
  categorical: "attribute 'categorical'",
  textual: "attribute 'textual'",
  itemName: "attribute 'itemName'",
}
