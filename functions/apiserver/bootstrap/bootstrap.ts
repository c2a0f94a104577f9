import { type Clock, timestamp } from '../../../lib/runtime/clock.ts';
import type { Random } from '../../../lib/runtime/random.ts';
import { type Store, StoreError, type Write } from '../../../lib/storage/contract.ts';
import type { Reader } from '../reader.ts';
import { capacityObjects } from './capacity.ts';
import { type ApiEndpoint, kubernetesService } from './kubernetes-service.ts';
import { localPathObjects } from './local-path.ts';
import { ingressClasses } from './network-objects.ts';
import { bootstrapObjects } from './objects.ts';
import { type Birth, type Expected, planWrites } from './plan.ts';

export interface BootstrapOptions {
  store: Store;
  reader: Reader;
  clock: Clock;
  random: Random;
  endpoint: ApiEndpoint;
  /** Data of the ConfigMap kube-system/extension-apiserver-authentication. */
  authenticationConfig: Record<string, string>;
  publicIssuer?: boolean | undefined;
  localPath?: boolean;
  ingressGateway?: boolean;
  /** Machines are made for pods. */
  capacity?: boolean;
}

/** A DynamoDB transaction takes 100 items, and a write is two. */
const WRITES_PER_COMMIT = 40;
/** Another apiserver may start at the same time: whoever loses looks again. */
const MAX_ATTEMPTS = 5;

/** Makes what every cluster has, and mends it after an upgrade. Does nothing when all is there: one list for each type. */
export async function bootstrap(options: BootstrapOptions): Promise<void> {
  const { random, clock } = options;
  const birth = { uuid: () => random.uuid(), now: timestamp(clock) };
  const expected = [
    ...bootstrapObjects({ ...options, now: birth.now }),
    ...kubernetesService(options.endpoint, birth.now),
    ...(options.localPath ? localPathObjects : []),
    ...(options.ingressGateway ? [ingressClasses] : []),
    ...(options.capacity ? capacityObjects(birth.now) : []),
  ];
  for (let attempt = 1; ; attempt++) {
    try {
      return await apply(expected, options, birth);
    } catch (error) {
      if (!lostRace(error) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

async function apply(expected: readonly Expected[], { store, reader }: BootstrapOptions, birth: Birth): Promise<void> {
  const planned = await Promise.all(
    expected.map(async (group) => planWrites(group, await storedOf(reader, group), birth)),
  );
  await Promise.all(chunks(planned.flat()).map((writes) => store.commit(writes)));
}

/** Of types that hold a whole cluster's objects only the few that are meant are read. */
async function storedOf(reader: Reader, { type, objects }: Expected) {
  if (objects.length > 1) return reader.list(type);
  const { name, namespace } = objects[0]!.metadata!;
  const object = await reader.get(type, name!, namespace);
  return object ? [object] : [];
}

function chunks(writes: readonly Write[]): Write[][] {
  const pages = Math.ceil(writes.length / WRITES_PER_COMMIT);
  return Array.from({ length: pages }, (_, i) => writes.slice(i * WRITES_PER_COMMIT, (i + 1) * WRITES_PER_COMMIT));
}

function lostRace(error: unknown): boolean {
  return error instanceof StoreError && (error.reason === 'Exists' || error.reason === 'Conflict');
}
