/** Deletion: the record goes, with those that cannot be without it. What it left in the artifacts bucket is swept up afterwards. */
import { solution, solutionVersion } from '../resources/types.ts'
import { workKind } from './workKind.ts'

export const forget = workKind<unknown, unknown, undefined, undefined>({
  name: 'forget',
  async settle(resource, _result, resources) {
    if (resource.type === solution.type) {
      for (;;) {
        const { resources: versions } = await resources.list(solutionVersion, { parent: resource.arn })
        if (versions.length === 0) break
        for (const version of versions) await resources.transaction.remove(version.arn)
      }
    }
    await resources.transaction.remove(resource.arn)
    return 'gone'
  },
})
