import { namespaceLifecycle } from '../../../functions/apiserver/admission/namespace-lifecycle.ts';
import { storeReader } from '../../../functions/apiserver/reader.ts';
import { createControllers } from '../../../functions/controllers/index.ts';
import { createScheduler } from '../../../functions/scheduler/scheduler.ts';
import { createClient } from '../../../lib/client/create-client.ts';
import { inProcess } from '../../../lib/client/in-process.ts';
import { openMemoryStore } from '../../../lib/storage/embedded/open.ts';
import { fakeClock, settle } from '../../fakes/clock.ts';
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
  const clock = fakeClock();
  const store = await openMemoryStore({ clock });
  const { apiserver } = await realApiserver({ store, clock, admission: [namespaceLifecycle(storeReader(store))] });
  const random = seededRandom(seed);
  const errors: unknown[] = [];
  const common = {
    apiserver,
    store,
    clock,
    random,
    faults,
    streamFaults,
    log: (_: string, fields: any) => void errors.push(fields),
  };
  const make = (deployment: string): [InvokedFunction, InvokedFunction] => [
    new InvokedFunction({
      ...common,
      deployment,
      controllersOf: (caches, clients) => [createScheduler({ caches, client: clients.scheduler(), clock, random })],
    }),
    new InvokedFunction({
      ...common,
      deployment,
      controllersOf: (caches, clients) =>
        createControllers({ caches, clientFor: clients.controller, clock, random, rootCA: 'CA', followsLog: true }),
    }),
  ];
  const [scheduler, controllers] = make('v1');
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
    /** Functions that know nothing of what these did: they reconcile every key. */
    async reconcileEverything() {
      const fresh = make('v2');
      for (const one of fresh) {
        one.stream.put({ pk: 'pods', sk: 'default/any' });
        one.poll();
      }
      for (let i = 0; i < 10 * TURNS || !fresh.every(({ idle }) => idle); i++) await settle();
      expect(fresh.map(({ state }) => state.checkpoint?.deployment)).toEqual(['v2', 'v2']);
    },
    invocations: () => scheduler.invocations + controllers.invocations,
  };
}

export type InvokedControlPlane = Awaited<ReturnType<typeof invokedControlPlane>>;
