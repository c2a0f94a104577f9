import type { Clock } from '../../runtime/clock.ts';
import type { KmsKey } from './key-ring.ts';
import { type DataKey, KeyError, type Writer } from './keys.ts';

/** What is asked of KMS. `context` is bound to what it wraps, and seen in CloudTrail: KMS, "Encryption context". */
export interface Kms {
  /** AES-256. */
  generateDataKey(keyArn: string, context: Readonly<Record<string, string>>): Promise<DataKey>;
  decrypt(keyArn: string, wrapped: Uint8Array, context: Readonly<Record<string, string>>): Promise<Uint8Array>;
}

/** Data keys wrapped by customer managed keys, which never leave KMS. */
export interface KmsKeys {
  /** Throws KeyError. */
  writer(key: KmsKey): Promise<Writer>;
  /** Throws KeyError. */
  unwrap(key: KmsKey, wrapped: Uint8Array): Promise<Uint8Array>;
}

/** A data key is used for so long and for so many values: each new one is a request to KMS, 3 cents for 10,000. */
export const DATA_KEY_MS = 5 * 60_000;
export const DATA_KEY_USES = 1_000;
/** Data keys that were unwrapped, so that a list of Secrets asks KMS once for each of them. */
export const MAX_UNWRAPPED = 1_000;

/** `cluster` is in the context, so that a role may be let use the key for this cluster only. KMS is asked for when a key of its is met. */
export function kmsKeys(kms: () => Promise<Kms>, cluster: string, clock: Clock): KmsKeys {
  const context = ({ name }: KmsKey) => ({ [CLUSTER_CONTEXT]: cluster, 'zeroplane:key': name });
  const unwrapped = new Map<string, Promise<Uint8Array>>();
  let current: { name: string; key: Promise<DataKey>; at: number; uses: number } | undefined;

  const generate = async (key: KmsKey) => (await kms()).generateDataKey(key.kms, context(key));
  const decrypt = async (key: KmsKey, wrapped: Uint8Array) => {
    try {
      return await (await kms()).decrypt(key.kms, wrapped, context(key));
    } catch (cause) {
      throw new KeyError(`KMS does not unwrap with ${key.name}, ${key.kms}: ${(cause as Error).message}`, cause);
    }
  };

  return {
    async writer(key) {
      const now = clock.now();
      if (current?.name !== key.name || now - current.at >= DATA_KEY_MS || current.uses >= DATA_KEY_USES)
        current = { name: key.name, key: generate(key), at: now, uses: 0 };
      const using = current;
      const dataKey = await using.key.catch((cause) => {
        if (current === using) current = undefined;
        throw new KeyError(`KMS gives no data key of ${key.name}, ${key.kms}: ${cause.message}`, cause);
      });
      return {
        name: key.name,
        dataKey() {
          using.uses++;
          return dataKey;
        },
      };
    },
    unwrap(key, wrapped) {
      const id = `${key.name} ${Buffer.from(wrapped).toString('base64')}`;
      const known = unwrapped.get(id);
      if (known) return known;
      const opening = decrypt(key, wrapped);
      if (unwrapped.size >= MAX_UNWRAPPED) unwrapped.delete(unwrapped.keys().next().value!);
      unwrapped.set(id, opening);
      opening.catch(() => unwrapped.delete(id));
      return opening;
    },
  };
}

export const CLUSTER_CONTEXT = 'zeroplane:cluster';
