/** `arn:aws:personalize:REGION:ACCOUNT:RESOURCE` (spec: README.md, ARNs). Recipes belong to nobody: region and account are empty. */
export interface Scope {
  readonly account: string
  readonly region: string
}

export const formatArn = (scope: Scope, resource: string): string =>
  `arn:aws:personalize:${scope.region}:${scope.account}:${resource}`

/** The part after the account. The caller has checked that it is an ARN. */
export const resourceOfArn = (arn: string): string => arn.split(':').slice(5).join(':')
