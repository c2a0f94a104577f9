import type { Client } from '../../lib/client/client.ts';
import { nodes } from '../../lib/client/resource-type.ts';
import {
  type Instance,
  type Instances,
  type InstanceType,
  type LaunchRequest,
  NoCapacity,
  UNINITIALIZED,
} from '../../lib/cloud/instances.ts';

/** The agent starts, the network comes up. */
const TURNS_UNTIL_READY = 8;

/** A cloud whose machines join when they are told to: idempotent by token, as EC2 is. */
export class FakeInstances implements Instances {
  readonly launches: LaunchRequest[] = [];
  /** Types of which there are none. */
  readonly soldOut = new Set<string>();
  readonly #types: readonly InstanceType[];
  readonly #byToken = new Map<string, Instance & { request: LaunchRequest; joined: boolean; readyInTurns: number }>();

  constructor(types: readonly InstanceType[]) {
    this.#types = types;
  }

  get alive(): string[] {
    return this.#all()
      .filter(({ alive }) => alive)
      .map(({ id }) => id);
  }

  async types(): Promise<readonly InstanceType[]> {
    return this.#types;
  }

  async launch(request: LaunchRequest): Promise<Instance> {
    const known = this.#byToken.get(request.token);
    if (known) return known;
    this.launches.push(request);
    if (this.soldOut.has(request.instanceType)) throw new NoCapacity('there is none');
    const id = `i-${this.#byToken.size.toString(16).padStart(8, '0')}`;
    const made = {
      id,
      alive: true,
      nodeClaim: request.nodeClaim,
      request,
      joined: false,
      readyInTurns: TURNS_UNTIL_READY,
    };
    this.#byToken.set(request.token, made);
    return made;
  }

  async get(id: string): Promise<Instance | undefined> {
    return this.#all().find((one) => one.id === id);
  }

  async list(): Promise<readonly Instance[]> {
    return this.#all();
  }

  async terminate(id: string): Promise<void> {
    const instance = this.#all().find((one) => one.id === id);
    if (instance) instance.alive = false;
  }

  /** Every machine that is up and has not joined does; it is ready some calls later. */
  async join(client: Client): Promise<void> {
    for (const instance of this.#all()) {
      if (instance.joined) await becomeReady(client, instance);
      if (instance.joined || !instance.alive) continue;
      instance.joined = true;
      const { instanceType, zone, architecture, maxPods } = instance.request;
      const type = this.#types.find(({ name }) => name === instanceType)!;
      const labels = {
        'kubernetes.io/hostname': instance.id,
        'kubernetes.io/arch': architecture,
        'node.kubernetes.io/instance-type': instanceType,
        'topology.kubernetes.io/zone': zone,
      };
      const amounts = { cpu: `${type.milliCpus - 80}m`, memory: String(type.memoryBytes), pods: String(maxPods) };
      await client.create(nodes, {
        metadata: { name: instance.id, labels },
        spec: { providerID: `aws:///${zone}/${instance.id}`, taints: [UNINITIALIZED] },
        status: {
          allocatable: amounts,
          capacity: amounts,
          conditions: [ready('False')],
        },
      });
    }
  }

  #all() {
    return [...this.#byToken.values()];
  }
}

const ready = (status: string) => ({ type: 'Ready', status, lastHeartbeatTime: null as never });

async function becomeReady(client: Client, instance: { id: string; readyInTurns: number }): Promise<void> {
  if (--instance.readyInTurns !== 0) return;
  const body = { status: { conditions: [ready('True')] } };
  await client.patch(nodes, { name: instance.id }, { type: 'merge', body }, { subresource: 'status' });
}
