import { AsyncLocalStorage } from 'node:async_hooks';
import type { Freshen } from './reads.ts';

interface Scope {
  /** The look at the counter that all views of this request share. */
  ready: Promise<void> | undefined;
  /** The newest revision that the request has written. */
  wrote: number;
}

/** What one request of a client reads through the view is as new as the request's first look. */
export class RequestScope {
  readonly #scopes = new AsyncLocalStorage<Scope>();

  run<T>(work: () => T): T {
    return this.#scopes.run({ ready: undefined, wrote: 0 }, work);
  }

  wrote(revision: number): void {
    const scope = this.#scopes.getStore();
    if (scope) scope.wrote = revision;
  }

  /** Freshens at the first call within a request, at each call outside. `known` is the revision that is reached without. */
  freshen(fresh: Freshen, known: number): Promise<void> {
    const scope = this.#scopes.getStore();
    if (!scope || scope.wrote > known) return fresh();
    scope.ready ??= fresh().catch((error) => {
      scope.ready = undefined;
      throw error;
    });
    return scope.ready;
  }
}
