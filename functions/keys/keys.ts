import { KEYS } from '../../lib/cloud/aws/key-parameters.ts';
import type { Parameters } from '../../lib/cloud/aws/parameters.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import { planKeys } from './plan.ts';

export interface KeyOptions {
  parameters: Parameters;
  clock: Clock;
  /** Another text than last time makes new keys, beside which the old ones still count. */
  rotation: string;
  /** Writes also what is there, under the present key of the Parameter Store. */
  rewrite: boolean;
}

/** Makes what is missing; the result is the certificate of the cluster's authority. */
export async function ensureKeys({ parameters, clock, rotation, rewrite }: KeyOptions): Promise<string> {
  const stored = await parameters.readAll();
  const writes = await planKeys(stored, rotation, clock.now());
  for (const [name, value] of new Map([...(rewrite ? stored : []), ...writes]))
    await parameters.put(name, value, name.endsWith('.crt') ? 'String' : 'SecureString');
  return (writes.get(KEYS.authorityCertificate) ?? stored.get(KEYS.authorityCertificate))!;
}

export async function removeKeys(parameters: Parameters): Promise<void> {
  await parameters.remove([...(await parameters.readAll()).keys()]);
}
