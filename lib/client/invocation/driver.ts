import { isReason } from '../../api/status.ts';
import { eachBounded } from '../../runtime/bounded.ts';
import { type Clock, delay } from '../../runtime/clock.ts';
import { backoffMs, DEFAULT_BACKOFF } from '../../runtime/queue.ts';
import type { Random } from '../../runtime/random.ts';
import type { Controller } from '../controller.ts';
import type { CatchUpCaches } from './caches.ts';
import type { Changes } from './change-source.ts';
import { feedKeys } from './feed.ts';
import type { Acquired, Checkpoint, FunctionState } from './function-state.ts';
import type { Guard } from './guarded.ts';
import { type PendingKey, PendingKeys } from './pending-keys.ts';
import { nextWake, type WakePlan } from './plan-wake.ts';
import type { Wakes } from './wakes.ts';

export interface InvocationDriverOptions {
  controllers: readonly Controller[];
  caches: CatchUpCaches;
  state: FunctionState;
  wakes: Wakes;
  /** What every client of the controllers goes through. */
  guard: Guard;
  /** Which code this is: another's checkpoint may leave out keys that this code would have had. */
  deployment: string;
  /** While it says so every key is reconciled once a day, whatever was heard. */
  resyncs: () => boolean;
  clock: Clock;
  random: Random;
  onError?: (error: unknown, controller: string, key: string) => void;
}

export interface Invocation {
  /** When the invocation is ended from outside. */
  deadlineMs: number;
  /** Of the wakes that caused it. */
  wakesMs?: readonly number[];
}

export type Outcome =
  | 'nothing' // no change that matters, no key due
  | 'done' // the checkpoint is saved
  | 'marked' // another invocation is at work, and will look again
  | 'lost'; // another invocation has taken over meanwhile

export interface InvocationDriver {
  /** Catches up, reconciles what is due, writes down the rest. Throws if it could not: then nothing counts as done. */
  run(invocation: Invocation): Promise<Outcome>;
}

/** Kept back of an invocation's time, for writing down how far it came. */
const RESERVE_MS = 3000;
/** Of the reserve: for Events that are still being written. */
const QUIET_MS = 500;
/** A holder's clock may be behind that of who wants to take over. */
const SKEW_MS = 1000;
/** What is due so soon is waited for: a wake would take longer. */
const LINGER_MS = 1000;
/** Keys of one controller between two looks at the log. */
const ROUND_KEYS = 100;
/** A log that moved on so far without a change that matters is noted all the same, or the checkpoint would fall behind it. */
const MAX_BEHIND = 256;
const MAX_TRIES = 5;

/** The second driver. Decision: docs/decisions/2026-11-25-invocations.md. */
export function createInvocationDriver(options: InvocationDriverOptions): InvocationDriver {
  return new Driver(options);
}

class Driver implements InvocationDriver {
  readonly #options: InvocationDriverOptions;
  readonly #keys = new PendingKeys();
  readonly #feed: ReturnType<typeof feedKeys>;
  readonly #byName: ReadonlyMap<string, Controller>;
  /** The last invocation of this process ended well: what it saved is what it still holds. */
  #settled = false;
  #resyncedAtMs = 0;

  constructor(options: InvocationDriverOptions) {
    this.#options = options;
    this.#byName = new Map(options.controllers.map((controller) => [controller.name, controller]));
    this.#feed = feedKeys(options.controllers, options.caches, this.#keys, options.clock);
  }

  async run(invocation: Invocation): Promise<Outcome> {
    if (await this.#nothingNew(invocation)) return 'nothing';
    const held = await this.#acquire(invocation.deadlineMs);
    if (!held) return 'marked';
    try {
      return await this.#options.guard.during(invocation.deadlineMs, () => this.#work(held, invocation));
    } catch (error) {
      await this.#abandon(held);
      throw error;
    }
  }

  /** The usual fate of an event that tells of this function's own writes. */
  async #nothingNew({ wakesMs = [] }: Invocation): Promise<boolean> {
    const { caches, clock } = this.#options;
    if (!this.#settled || wakesMs.length > 0 || (this.#keys.nextDueMs() ?? Infinity) <= clock.now()) return false;
    try {
      return !this.#matters(await caches.peek());
    } catch (error) {
      if (isReason(error, 'Expired')) return false;
      throw error;
    }
  }

  #matters({ resources, revision }: Changes): boolean {
    if (revision - this.#options.caches.revision! > MAX_BEHIND) return true;
    return [...resources.keys()].some((storage) => this.#feed.minds(storage));
  }

  async #acquire(deadlineMs: number): Promise<Acquired | undefined> {
    const { state, wakes } = this.#options;
    for (let i = 0; i < MAX_TRIES; i++) {
      const found = await state.acquire(deadlineMs + SKEW_MS);
      if (found.held) return found;
      // Should the holder be dead nobody would see the mark: so somebody comes when its time is over. The first to mark sees to it.
      if (!found.marked) {
        if (!found.wakesOn) await wakes.on();
        await wakes.send(found.untilMs + SKEW_MS);
      }
      if (await state.mark()) return undefined;
    }
    throw new Error('the lease changes hands faster than it can be marked');
  }

  async #work(held: Acquired, invocation: Invocation): Promise<Outcome> {
    const { state } = this.#options;
    const stopMs = stopTime(this.#options.clock.now(), invocation.deadlineMs);
    let wake = wakesBefore(held, invocation);
    await this.#restore(held.checkpoint);
    for (;;) {
      await this.#rounds(stopMs);
      // Then another invocation does the rest, and looks at what was marked.
      const late = this.#options.clock.now() >= stopMs;
      wake = await this.#arrangeWake(held.token, wake, late);
      const outcome = await state.release(held.token, this.#checkpoint(wake), { force: late });
      if (outcome === 'lost') return 'lost';
      this.#settled = outcome === 'released';
      if (this.#settled) return 'done';
      if (!(await state.unmark(held.token))) return 'lost';
    }
  }

  /** Brings caches and keys to where the checkpoint stands. */
  async #restore(checkpoint: Checkpoint | undefined): Promise<void> {
    const { caches, deployment, clock } = this.#options;
    const sound = this.#settled && caches.revision! <= (checkpoint?.revision ?? 0);
    this.#settled = false;
    this.#keys.reset(checkpoint?.keys ?? []);
    this.#resyncedAtMs = checkpoint?.resyncedAtMs ?? clock.now();
    if (!checkpoint || checkpoint.deployment !== deployment) return this.#beginAnew();
    this.#feed.doneUpTo(checkpoint.revision);
    const reached = (sound && (await this.#reaches())) || (await this.#reaches(checkpoint.revision));
    if (!reached) await this.#beginAnew();
    else if (this.#resyncAtMs() <= clock.now()) this.#enqueueAll();
  }

  /** Comes to the present from what the caches hold, or from a checkpoint. False: the log does not go back so far. */
  async #reaches(checkpoint?: number): Promise<boolean> {
    try {
      if (checkpoint !== undefined) await this.#load(checkpoint);
      this.#feed.touched(await this.#options.caches.catchUp());
      return true;
    } catch (error) {
      if (isReason(error, 'Expired')) return false;
      throw error;
    }
  }

  /** In a fresh process, or in one that was ahead of the checkpoint: what came in between it has seen, but never done. */
  async #load(revision: number): Promise<void> {
    const { caches, controllers } = this.#options;
    // If the log does not reach there, nothing need be listed at that revision.
    await caches.peek(revision);
    await caches.load(revision);
    for (const controller of controllers) await controller.prepare?.();
    await caches.loadNew();
  }

  async #beginAnew(): Promise<void> {
    this.#feed.doneUpTo(0);
    await this.#options.caches.load();
    this.#enqueueAll();
  }

  #enqueueAll(): void {
    this.#resyncedAtMs = this.#options.clock.now();
    this.#feed.enqueueAll();
  }

  #resyncAtMs(): number {
    return this.#options.resyncs() ? this.#resyncedAtMs + DAY_MS : Infinity;
  }

  /** Until nothing is due and nothing is under way, or time is up. What a round wrote is caught up with before the next. */
  async #rounds(stopMs: number): Promise<void> {
    const { caches, clock, guard } = this.#options;
    while (clock.now() < stopMs) {
      const { writes } = guard;
      this.#feed.touched(await caches.catchUp());
      const taken = this.#keys.take(clock.now(), ROUND_KEYS);
      if (taken.length > 0) await this.#beforeMs(stopMs, this.#round(taken, stopMs));
      else if (!(await this.#linger(stopMs))) {
        await guard.quiet(stopMs);
        // The checkpoint is to cover what was written meanwhile, Events too: nobody is woken by them, and the log would move on without it.
        if (guard.writes === writes) return;
      }
    }
    await guard.quiet(stopMs + QUIET_MS);
  }

  async #linger(stopMs: number): Promise<boolean> {
    const { clock } = this.#options;
    const nextMs = this.#keys.nextDueMs() ?? Infinity;
    if (nextMs > clock.now() + LINGER_MS || nextMs >= stopMs) return false;
    await delay(clock, Math.max(0, nextMs - clock.now()));
    return true;
  }

  /** What is not begun when time is up stays pending. */
  async #round(taken: readonly PendingKey[], stopMs: number): Promise<void> {
    const byController = Map.groupBy(taken, ({ controller }) => controller);
    await Promise.all(
      [...byController].map(([name, entries]) => {
        const controller = this.#byName.get(name);
        return eachBounded(entries, controller?.concurrency ?? 1, async (entry) => {
          if (this.#options.clock.now() < stopMs) await this.#reconcile(controller, entry);
        });
      }),
    );
  }

  async #reconcile(controller: Controller | undefined, entry: PendingKey): Promise<void> {
    const { clock, random, onError } = this.#options;
    // Of a controller that is no more.
    if (!controller) return this.#keys.finish(entry);
    try {
      const result = await controller.reconcile(entry.key);
      if (!result) return this.#keys.finish(entry);
      const { requeueAfterMs, slackMs = 0 } = result;
      this.#keys.finish(entry, { dueMs: clock.now() + requeueAfterMs, slackMs, failures: 0 });
    } catch (error) {
      if (!isReason(error, 'Conflict', 'AlreadyExists', 'NotFound')) onError?.(error, controller.name, entry.key);
      const dueMs = clock.now() + backoffMs(entry.failures, random, DEFAULT_BACKOFF);
      this.#keys.finish(entry, { dueMs, slackMs: 0, failures: entry.failures + 1 });
    }
  }

  /** Does not wait longer for what hangs: its keys are still pending. */
  async #beforeMs(stopMs: number, work: Promise<void>): Promise<void> {
    const done = new AbortController();
    const { clock } = this.#options;
    await Promise.race([work, delay(clock, Math.max(0, stopMs - clock.now()), done.signal)]);
    done.abort();
  }

  async #arrangeWake(token: number, before: WakePlan, late: boolean): Promise<WakePlan> {
    const { wakes, state, clock } = this.#options;
    const wanted = late ? clock.now() : Math.min(this.#keys.nextWakeMs() ?? Infinity, this.#resyncAtMs());
    const plan = nextWake(before, wanted, clock.now());
    if (plan.send !== undefined) {
      if (plan.turn === 'on') await wakes.on();
      await wakes.send(plan.send);
    }
    // Noted first: one that was turned off and is thought to be on would never be turned on again.
    if (plan.turn === 'off' && (await state.noteWakes(token, false))) await wakes.off();
    if (plan.turn === 'on') await state.noteWakes(token, true);
    return { wakesOn: plan.wakesOn, wakesMs: plan.wakesMs };
  }

  #checkpoint({ wakesMs }: WakePlan): Checkpoint {
    const { caches, deployment } = this.#options;
    const resyncedAtMs = this.#resyncedAtMs;
    return { revision: caches.revision!, deployment, resyncedAtMs, keys: this.#keys.list(), wakesMs };
  }

  /** So that who tries again need not wait for the lease to run out; unless that fails too. */
  async #abandon({ token }: Acquired): Promise<void> {
    try {
      await this.#options.state.release(token, undefined, { force: true });
    } catch (error) {
      this.#options.onError?.(error, 'lease', 'release');
    }
  }
}

const DAY_MS = 24 * 3_600_000;

/** One that has come is under way no more, and proves that wakes are on: who marks turns them on without being able to note it. */
function wakesBefore({ wakesOn, checkpoint }: Acquired, { wakesMs = [] }: Invocation): WakePlan {
  const underWay = (checkpoint?.wakesMs ?? []).filter((wake) => !wakesMs.includes(wake));
  return { wakesOn: wakesOn || wakesMs.length > 0, wakesMs: underWay };
}

/** A short invocation keeps back a part of its time. */
function stopTime(now: number, deadlineMs: number): number {
  return deadlineMs - Math.min(RESERVE_MS, (deadlineMs - now) / 4);
}
