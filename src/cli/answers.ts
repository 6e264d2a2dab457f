/** What the server's operations of our own answer, as the commands that ask them read it (api/evaluation.ts, api/explainRecommendations.ts). */

/** A mean over users, with the ends of its confidence interval. */
export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}
export type Intervals = Readonly<Record<string, Interval>>

/** Novelty in bits, the others from 0 to 1. */
export interface MeasuredModel {
  readonly metrics: Intervals
  readonly coverage: number
  readonly novelty: number
  readonly intraListSimilarity: number
  readonly coldItemShare: number
}

export interface Evaluation {
  readonly resourceArn: string
  readonly recipeArn: string
  readonly userCount: number
  readonly confidence: number
  readonly resamples: number
  readonly listLength: number
  readonly model: MeasuredModel
  readonly popularity: MeasuredModel
  readonly recentPopularity: MeasuredModel
  readonly gain: Intervals
  readonly byHistoryLength: readonly {
    readonly from: number
    readonly to?: number
    readonly userCount: number
    readonly model: Intervals
    readonly popularity: Intervals
  }[]
  readonly cold: { readonly eventCount: number; readonly itemShare: number; readonly heldOutShare: number }
  readonly trends?: { readonly moments: number; readonly model: number; readonly popularity: number }
  readonly choice?: PoolChoice
  readonly recipes?: RecipeChoice
  readonly newcomers?: NewcomerChoice
  /** Of people with a history, and of those without one; absent: the same. */
  readonly contexts?: { readonly history: ContextChoice; readonly newcomers?: ContextChoice }
}

/** Which columns of INTERACTIONS make a difference; gains are in NDCG at 10 where that is told, else in nats an event, of people held out. */
export interface ContextChoice {
  readonly heldOutEventCount: number
  readonly columns: readonly {
    readonly column: string
    readonly values: number
    readonly weight: number
    readonly gain: number
  }[]
  readonly unheard: readonly string[]
  readonly ndcgAt10?: { readonly without: number; readonly with: number }
}

/** What those get of whom no event is known; gains are in nats an event, of people held out. */
export interface NewcomerChoice {
  readonly heldOutUserCount: number
  readonly beginnings?: { readonly events: number; readonly gain: number }
  readonly lately?: { readonly seconds: number; readonly gain: number; readonly heldOutUserCount: number }
  readonly attributes?: { readonly count: number; readonly weight: number; readonly gain: number }
}

/** Of segments and actions: means over units instead of lists. */
export interface Comparison {
  readonly userCount: number
  readonly confidence: number
  readonly baseline: string
  readonly metrics: readonly {
    readonly name: string
    readonly unit: string
    readonly count: number
    readonly model: Interval
    readonly baseline?: Interval
    readonly gain?: Interval
  }[]
  readonly coverage: { readonly model: number; readonly baseline: number }
  readonly bySize: {
    readonly metric: string
    readonly unit: string
    readonly size: string
    readonly buckets: readonly {
      readonly from: number
      readonly to?: number
      readonly count: number
      readonly model: Interval
      readonly baseline: Interval
    }[]
  }
}

export interface ComparedEvaluation {
  readonly resourceArn: string
  readonly recipeArn: string
  readonly comparison: Comparison
}

/** Of performAutoML; the best first. */
export interface RecipeChoice {
  readonly metric: string
  readonly candidates: readonly {
    readonly recipe: string
    readonly score: number
    readonly tries: number
    readonly hyperparameters: Readonly<Record<string, string>>
  }[]
}

export interface PoolChoice {
  readonly heldOutPairCount: number
  readonly combination: string
  readonly fittedBy: string
  readonly solved: string
  readonly ridges: readonly { readonly factor: number; readonly ndcgAt10: number }[]
  readonly tried: readonly { readonly combination: string; readonly fittedBy: string; readonly ndcgAt10: number }[]
  readonly experts: readonly {
    readonly name: string
    readonly regularization: number
    readonly weight: number
    readonly ndcgAt10?: number
  }[]
  readonly popularityWeight: number
}

export interface ExplainedList {
  readonly resourceArn: string
  readonly recipeArn: string
  readonly userId: string
  readonly eventCount: number
  readonly unheard?: readonly string[]
  readonly items: readonly {
    readonly itemId: string
    readonly rank: number
    readonly probability: number
    readonly score: number
    readonly base: number
    readonly carriers: readonly { readonly itemId: string; readonly events: number; readonly weight: number }[]
    readonly others: { readonly items: number; readonly weight: number }
    readonly contexts?: readonly { readonly column: string; readonly weight: number }[]
  }[]
}
