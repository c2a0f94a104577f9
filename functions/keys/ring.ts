import { KEYS } from '../../lib/cloud/aws/key-parameters.ts';
import type { KeysRequest, RingView } from '../../lib/cloud/aws/keys-function.ts';
import type { Parameters } from '../../lib/cloud/aws/parameters.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import { isKms, type KeyRing, type RingKey, withNewKey, withoutKeys } from '../../lib/storage/encryption/key-ring.ts';
import { withLock } from './lock.ts';
import { type Rotated, ringText } from './plan.ts';

/** What is asked of KMS about a key that it holds. */
export interface KmsRotation {
  /** On demand, beside the yearly one; it takes a moment. */
  begin(keyArn: string): Promise<void>;
  isRunning(keyArn: string): Promise<boolean>;
}

export interface RingOptions {
  parameters: Parameters;
  clock: Clock;
  kms: () => Promise<KmsRotation>;
}

/** A function writes with a key that it read a minute ago at most, and a watch may resume at what was written five minutes before: an hour is long. */
export const UNUSED_MS = 60 * 60_000;

/** What `zeroplane secrets` asks for; no answer holds a secret. */
export async function answerRing(request: KeysRequest, options: RingOptions): Promise<RingView> {
  const now = options.clock.now();
  switch (request.action) {
    case 'status':
      return view(await readRing(options.parameters), options);
    case 'rotate-kms':
      return rotateKms(options);
    case 'add':
      return changed(options, (ring) => planAdd(ring, now));
    case 'prune':
      return changed(options, (ring) => planPrune(ring, request.needed, now));
  }
}

/** A new key is of the kind that the one before is: which kind there is says the stack. */
export function planAdd(ring: KeyRing, now: number): KeyRing {
  const first = ring.keys[0]!;
  return withNewKey(ring, { since: now, ...(isKms(first) && { kms: first.kms }) });
}

/** Without the keys that sealed nothing that is left, as far as a newer one has been writing for long. */
export function planPrune(ring: KeyRing, needed: readonly string[], now: number): KeyRing {
  const settled = ring.keys.findIndex(({ since }) => since !== undefined && since <= now - UNUSED_MS);
  const old = settled === -1 ? [] : ring.keys.slice(settled + 1).map(({ name }) => name);
  return withoutKeys(ring, (name) => needed.includes(name) || !old.includes(name));
}

async function rotateKms(options: RingOptions): Promise<RingView> {
  const ring = await readRing(options.parameters);
  const first = ring.keys[0]!;
  if (isKms(first)) await (await options.kms()).begin(first.kms);
  return view(ring, options);
}

function changed(options: RingOptions, plan: (ring: KeyRing) => KeyRing): Promise<RingView> {
  const { parameters, clock } = options;
  return withLock(parameters, clock, async () => {
    const ring = await readRing(parameters);
    const next = plan(ring);
    if (next.keys.length !== ring.keys.length)
      await parameters.put(KEYS.secrets, ringText(next, ring.rotation), 'SecureString');
    return view(next, options);
  });
}

async function readRing(parameters: Parameters): Promise<KeyRing & Rotated> {
  const text = (await parameters.readAll()).get(KEYS.secrets);
  if (text === undefined) throw new Error('the cluster has no ring of keys');
  return JSON.parse(text);
}

async function view({ keys }: KeyRing, { kms }: RingOptions): Promise<RingView> {
  const [first] = keys;
  const isRotating = first && isKms(first) ? await (await kms()).isRunning(first.kms) : false;
  return { keys: keys.map(shown), isRotating };
}

function shown(key: RingKey): RingView['keys'][number] {
  return { name: key.name, ...(isKms(key) && { kms: key.kms }) };
}
