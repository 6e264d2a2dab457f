/** UpdateMetricAttribution's work: the metrics and the destination that were asked for become its own. */
import { assert } from '../lib/assert.ts'
import { type MetricAttributionBody, metricAttribution } from '../resources/types.ts'
import { workKind } from './workKind.ts'

export const updateMetricAttribution = workKind<MetricAttributionBody, Record<string, never>, undefined, undefined>({
  name: 'updateMetricAttribution',
  makes: metricAttribution,
  async settle({ body }) {
    assert(body.latestUpdate)
    const { metrics, metricsOutputConfig } = body.latestUpdate
    return { body: { ...body, metrics, metricsOutputConfig } }
  },
})
