import { isReason } from '../api/status.ts';
import type { Clock } from '../runtime/clock.ts';
import { createQueue, type WorkQueue } from '../runtime/queue.ts';
import type { Random } from '../runtime/random.ts';
import type { SharedCaches } from './cache.ts';
import type { Controller, Watch } from './controller.ts';

export interface DriverOptions {
  clock: Clock;
  random: Random;
  signal: AbortSignal;
  /** Told of failures that are not the ordinary course of concurrent writers. The key is tried again either way. */
  onError?: (error: unknown, controller: string, key: string) => void;
}

/** The process driver: changes of the caches become keys, keys are reconciled until the signal aborts. Resolves when all work has ended. */
export async function runControllers(
  controllers: readonly Controller[],
  caches: SharedCaches,
  options: DriverOptions,
): Promise<void> {
  const queues = controllers.map((controller) => feed(controller, caches, options));
  await caches.synced(options.signal);
  await Promise.all(controllers.map((controller, i) => work(controller, queues[i]!, options)));
}

function feed(controller: Controller, caches: SharedCaches, { clock, random }: DriverOptions): WorkQueue {
  const queue = createQueue(clock, random);
  const add = (watch: Watch<any>) => {
    caches.subscribe(watch.type, (object, previous) => {
      for (const key of watch.keys(object, previous)) queue.addAfter(key, watch.delayMs ?? 0);
    });
  };
  for (const watch of controller.watches) add(watch);
  controller.laterWatches?.(add);
  return queue;
}

async function work(controller: Controller, queue: WorkQueue, options: DriverOptions): Promise<void> {
  const workers = Array.from({ length: controller.concurrency ?? 1 }, async () => {
    for (let key = await queue.next(options.signal); key !== undefined; key = await queue.next(options.signal)) {
      await reconcileOne(controller, queue, key, options);
    }
  });
  await Promise.all(workers);
}

async function reconcileOne(
  controller: Controller,
  queue: WorkQueue,
  key: string,
  options: DriverOptions,
): Promise<void> {
  try {
    const result = await controller.reconcile(key);
    queue.forget(key);
    if (result) queue.addAfter(key, result.requeueAfterMs);
  } catch (error) {
    if (!isReason(error, 'Conflict', 'AlreadyExists', 'NotFound')) options.onError?.(error, controller.name, key);
    queue.addRateLimited(key);
  } finally {
    queue.done(key);
  }
}
