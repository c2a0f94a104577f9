import { createControllers } from '../../../functions/controllers/index.ts';
import { createScheduler } from '../../../functions/scheduler/scheduler.ts';
import { createClient } from '../../../lib/client/create-client.ts';
import { inProcess } from '../../../lib/client/in-process.ts';
import { settle } from '../../fakes/clock.ts';
import { seededRandom } from '../../fakes/random.ts';
import { ADMIN, realApiserver } from '../../fakes/real-apiserver.ts';
import { PROMPT, type StreamFaults } from './event-source.ts';
import { type InstanceFaults, SOUND } from './instance.ts';
import { InvokedFunction } from './lambda.ts';

export interface InvokedOptions {
  seed?: number;
  faults?: InstanceFaults;
  streamFaults?: StreamFaults;
}

/** As the stack filters the stream of objects. */
const QUIET_TYPES = ['events', 'leases.coordination.k8s.io'];
const STEP_MS = 250;
const TURNS = 25;

/** The whole control plane, driven by invocations only. */
export async function invokedControlPlane(options: InvokedOptions = {}) {
  const { seed = 1, faults = SOUND, streamFaults = PROMPT } = options;
  const { apiserver, clock, store } = await realApiserver();
  const random = seededRandom(seed);
  const errors: unknown[] = [];
  const common = {
    apiserver,
    store,
    clock,
    random,
    deployment: 'v1',
    faults,
    streamFaults,
    log: (_: string, fields: any) => void errors.push(fields),
  };
  const scheduler = new InvokedFunction({
    ...common,
    controllersOf: (caches, clients) => [createScheduler({ caches, client: clients.scheduler(), clock, random })],
  });
  const controllers = new InvokedFunction({
    ...common,
    controllersOf: (caches, clients) =>
      createControllers({ caches, clientFor: clients.controller, clock, random, rootCA: 'CA', followsLog: true }),
  });
  const functions = [scheduler, controllers];
  let streamed = 0;
  const stream = async () => {
    const { changes, revision } = await store.changes(streamed);
    streamed = revision;
    for (const { key } of changes) {
      const slash = key.indexOf('/');
      const pk = key.slice(0, slash);
      if (!QUIET_TYPES.includes(pk)) for (const one of functions) one.stream.put({ pk, sk: key.slice(slash + 1) });
    }
  };
  return {
    client: createClient(inProcess(apiserver.fetch, ADMIN), { userAgent: 'simulation' }),
    clock,
    store,
    random,
    errors,
    common,
    scheduler,
    controllers,
    async pass(ms: number) {
      for (let left = ms; left > 0; left -= STEP_MS) {
        await stream();
        for (const one of functions) one.poll();
        for (let i = 0; i < TURNS; i++) await settle();
        await clock.advance(Math.min(left, STEP_MS));
      }
    },
    invocations: () => scheduler.invocations + controllers.invocations,
  };
}

export type InvokedControlPlane = Awaited<ReturnType<typeof invokedControlPlane>>;
