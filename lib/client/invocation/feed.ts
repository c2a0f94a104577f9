import type { Stored } from '../../api/object.ts';
import { storageType } from '../../api/resources.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Controller, Watch } from '../controller.ts';
import type { CatchUpCaches } from './caches.ts';
import type { Changes } from './change-source.ts';
import type { PendingKeys } from './pending-keys.ts';

/** Turns changes of the caches into keys. */
export interface Feed {
  /** Changes up to this revision are done: they make no keys. */
  doneUpTo(revision: number): void;
  /** Every key of everything that is there. */
  enqueueAll(): void;
  /** Keys that changes of uncached resources make due. */
  touched(changes: Changes): void;
  /** Whether changes of this storage type can make keys. */
  minds(storage: string): boolean;
}

export function feedKeys(
  controllers: readonly Controller[],
  caches: CatchUpCaches,
  keys: PendingKeys,
  clock: Clock,
): Feed {
  let floor = 0;
  const watches: { controller: Controller; watch: Watch<any> }[] = [];
  const enqueue = (controller: Controller, watch: Watch<any>, object?: Stored<any>, previous?: Stored<any>) => {
    for (const key of watch.keys(object, previous)) {
      keys.add(controller.name, key, clock.now() + (watch.delayMs ?? 0));
    }
  };
  const follow = (controller: Controller, watch: Watch<any>) => {
    watches.push({ controller, watch });
    caches.subscribe(watch.type, (object, previous) => {
      if (!object || Number(object.metadata.resourceVersion) > floor) enqueue(controller, watch, object, previous);
    });
  };
  for (const controller of controllers) {
    for (const watch of controller.watches) follow(controller, watch);
    controller.laterWatches?.((watch) => follow(controller, watch));
  }
  const touches = controllers.flatMap((controller) =>
    (controller.touches ?? []).map((touch) => ({ ...touch, controller, storage: storageType(touch.type) })),
  );
  return {
    doneUpTo: (revision) => {
      floor = revision;
    },
    enqueueAll() {
      for (const { controller, watch } of watches) {
        for (const object of caches.cache(watch.type).list()) enqueue(controller, watch, object);
      }
    },
    touched({ resources }) {
      for (const { controller, key, delayMs, storage } of touches) {
        if (resources.has(storage)) keys.add(controller.name, key, clock.now() + delayMs);
      }
    },
    minds: (storage) => caches.holds(storage) || touches.some((touch) => touch.storage === storage),
  };
}
