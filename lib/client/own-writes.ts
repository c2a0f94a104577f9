import type { Stored } from '../api/object.ts';
import { isReason } from '../api/status.ts';
import type { Cache } from './controller.ts';

/**
 * Whether the caches have caught up with what this instance wrote for a key: a plan made before that would undo or repeat it.
 * Versions of one resource type can be compared (KEP-5504). Not needed to be right in the end, only to keep bounds meanwhile.
 */
export class OwnWrites {
  readonly #written = new Map<string, Map<Cache<any>, number>>();
  readonly #unknown = new Set<string>();

  wrote<T>(key: string, cache: Cache<T>, object: Stored<T>): void {
    const versions = this.#written.get(key) ?? new Map<Cache<any>, number>();
    this.#written.set(key, versions);
    versions.set(cache, Math.max(versions.get(cache) ?? 0, Number(object.metadata.resourceVersion)));
  }

  /** A write failed: unless it was refused, it may have happened all the same. */
  failed(key: string, error: unknown): void {
    const refused = isReason(error, 'Conflict', 'AlreadyExists', 'NotFound', 'Invalid', 'Forbidden', 'BadRequest');
    if (!refused) this.#unknown.add(key);
  }

  /** Whether a live read has to tell what became of a failed write; asked once. */
  takeUnknown(key: string): boolean {
    return this.#unknown.delete(key);
  }

  caughtUp(key: string): boolean {
    const versions = this.#written.get(key);
    if (!versions) return true;
    for (const [cache, version] of versions) {
      if (Number(cache.resourceVersion ?? 0) >= version) versions.delete(cache);
    }
    if (versions.size === 0) this.#written.delete(key);
    return versions.size === 0;
  }

  forget(key: string): void {
    this.#written.delete(key);
    this.#unknown.delete(key);
  }
}

/** Asked again if the event that would tell of the write does not come. */
export const CATCH_UP_MS = 200;
