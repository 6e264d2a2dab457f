/** An object store from a plain value, which goes to other processes and threads that open their own. */
import { openFolderStore } from './folder.ts'
import type { ObjectStore } from './objectStore.ts'
import { openS3Store } from './s3.ts'
import type { S3StoreConfig } from './s3Connection.ts'

export type ObjectStoreConfig = FolderStoreConfig | S3StoreConfig

export interface FolderStoreConfig {
  readonly kind: 'folder'
  /** Buckets are the folders in it. Made where absent. */
  readonly root: string
}

/** The store as one job may use it: with its role, where roles are assumed. */
export function withRole(config: ObjectStoreConfig, arn: string | undefined, sessionName: string): ObjectStoreConfig {
  if (config.kind !== 's3' || !config.assume || arn === undefined) return config
  return { ...config, assume: { ...config.assume, role: { arn, sessionName } } }
}

export const openObjectStore = (config: ObjectStoreConfig): ObjectStore =>
  config.kind === 'folder' ? openFolderStore(config.root) : openS3Store(config)
