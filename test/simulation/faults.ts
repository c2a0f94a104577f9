import { conflict, serviceUnavailable } from '../../lib/api/status.ts';
import type { Client } from '../../lib/client/client.ts';
import { type Clock, delay } from '../../lib/runtime/clock.ts';
import type { Random } from '../../lib/runtime/random.ts';

/** How often a write meets each fault, 0 … 1. */
export interface Faults {
  /** The request is lost: nothing happened. */
  lostRequest: number;
  /** The reply is lost: it happened, and the caller cannot know. */
  lostReply: number;
  /** Somebody else was faster. */
  conflict: number;
}

export const NO_FAULTS: Faults = { lostRequest: 0, lostReply: 0, conflict: 0 };

/** A client whose writes go wrong as often as `faults` says at the time. */
export function faultyClient(client: Client, faults: Faults, random: Random): Client {
  const write = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const dice = random.next();
    if (dice < faults.lostRequest) throw serviceUnavailable('request lost');
    if (dice < faults.lostRequest + faults.conflict)
      throw conflict({ group: '', resource: 'things' }, name, 'injected');
    const result = await work();
    if (random.next() < faults.lostReply) throw serviceUnavailable('reply lost');
    return result;
  };
  const nameOf = (object: any) => object.metadata?.name ?? '';
  return {
    ...client,
    create: (type, object, options) => write(nameOf(object), () => client.create(type, object, options)),
    update: (type, object, options) => write(nameOf(object), () => client.update(type, object, options)),
    patch: (type, ref, body, options) => write(ref.name, () => client.patch(type, ref, body, options)),
    delete: (type, ref, options) => write(ref.name, () => client.delete(type, ref, options)),
    createSubresource: (type, ref, subresource, body) =>
      write(ref.name, () => client.createSubresource(type, ref, subresource, body)),
  };
}

/** A client whose watches tell everything late, in order: caches over it lag behind. */
export function laggingClient(client: Client, clock: Clock, random: Random, lag: { maxMs: number }): Client {
  return {
    ...client,
    async *watch(type, options) {
      for await (const event of client.watch(type, options)) {
        if (lag.maxMs > 0) await delay(clock, random.next() * lag.maxMs, options.signal);
        yield event;
      }
    },
  };
}
