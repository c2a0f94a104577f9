import { subjectAccessReviews } from '../../functions/apiserver/authorization/subject-access-review.ts';
import { type ControllerDependencies, createControllers } from '../../functions/controllers/index.ts';
import { createScheduler } from '../../functions/scheduler/scheduler.ts';
import { createCaches } from '../../lib/client/cache.ts';
import type { Controller } from '../../lib/client/controller.ts';
import { createClient } from '../../lib/client/create-client.ts';
import { runControllers } from '../../lib/client/driver.ts';
import { type InProcessUser, inProcess } from '../../lib/client/in-process.ts';
import { settle } from '../fakes/clock.ts';
import { seededRandom } from '../fakes/random.ts';
import { ADMIN, realApiserver } from '../fakes/real-apiserver.ts';
import { type Faults, faultyClient, laggingClient, NO_FAULTS } from './faults.ts';

export interface SimulationOptions {
  seed?: number;
  controllers?: (dependencies: ControllerDependencies) => Controller[];
  scheduler?: boolean;
  /** How late the caches hear of changes, at most; may be changed while it runs. */
  lag?: { maxMs: number };
  /** How writes of controllers and scheduler go wrong; may be changed while it runs. */
  faults?: Faults;
  authority?: ControllerDependencies['authority'];
}

/** Controllers and scheduler over the apiserver and a memory store, on a clock that moves when told to. */
export async function simulate(options: SimulationOptions = {}) {
  const virtual = new Map([
    ['authorization.k8s.io/subjectaccessreviews', subjectAccessReviews(async () => ({ allowed: true }))],
  ]);
  const { apiserver, clock } = await realApiserver({ virtual });
  const random = seededRandom(options.seed ?? 1);
  const client = createClient(inProcess(apiserver.fetch, ADMIN), { userAgent: 'simulation' });
  const wrapped = faultyClient(client, options.faults ?? NO_FAULTS, random);
  const read = laggingClient(client, clock, random, options.lag ?? { maxMs: 0 });
  const caches = createCaches(read, { clock, random });
  const dependencies: ControllerDependencies = {
    caches,
    clientFor: () => wrapped,
    clock,
    random,
    rootCA: 'CA',
    ...(options.authority && { authority: options.authority }),
  };
  const controllers = (options.controllers ?? createControllers)(dependencies);
  if (options.scheduler) controllers.push(createScheduler({ caches, client: wrapped, clock, random }));
  const abort = new AbortController();
  const errors: { error: unknown; controller: string; key: string }[] = [];
  const running = runControllers(controllers, caches, {
    clock,
    random,
    signal: abort.signal,
    onError: (error, controller, key) => errors.push({ error, controller, key }),
  });
  caches.start(abort.signal);
  return {
    client,
    /** As somebody else. */
    clientAs: (user: InProcessUser) => createClient(inProcess(apiserver.fetch, user), { userAgent: 'simulation' }),
    clock,
    random,
    caches,
    errors,
    /** Lets everything happen that can happen now, then moves on. */
    async pass(ms = 0) {
      await quiet();
      for (let left = ms; left > 0; left -= 1000) {
        await clock.advance(Math.min(left, 1000));
        await quiet();
      }
    },
    async stop() {
      abort.abort();
      await running;
    },
  };
}

export type Simulation = Awaited<ReturnType<typeof simulate>>;

const TURNS = 40;

async function quiet(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await settle();
}
