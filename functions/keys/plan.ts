import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { KEYS, type SigningKey } from '../../lib/cloud/aws/key-parameters.ts';
import { AUTHORITY_MS, type KeyPair } from '../../lib/pki/certificate.ts';
import { issueAuthority, issueCertificate } from '../../lib/pki/issue.ts';
import { isKms, type KeyRing, withNewKey } from '../../lib/storage/encryption/key-ring.ts';

/** Tokens live for a year at most (kube-apiserver's bound for legacy ones); older keys than so many are forgotten. */
const MAX_PREVIOUS_KEYS = 4;

/** What the stack asks for. */
export interface WantedKeys {
  /** Another text than last time makes new keys, beside which the old ones still count. */
  rotation: string;
  /** The key of KMS that Secrets are sealed with; absent: one of the ring's own. */
  kms?: string | undefined;
}

/** A value says under which rotation it was made, so that a repeated request rotates once. */
export interface Rotated {
  rotation: string;
}

/**
 * What must be written so that every key is there and of this rotation. Keys that others hold certificates or data of are never replaced:
 * the authorities stay, a signing key stays as one that signed before, an encryption key stays in the ring.
 */
export async function planKeys(
  stored: ReadonlyMap<string, string>,
  { rotation, kms }: WantedKeys,
  now: number,
): Promise<Map<string, string>> {
  const writes = new Map<string, string>();
  const authority = await ensureAuthority(stored, writes, KEYS.authority, 'kubernetes', now);
  await ensureAuthority(stored, writes, KEYS.frontProxyAuthority, 'front-proxy-ca', now);
  const rotated = async <T extends object>(name: string, make: (old: T | undefined) => T | Promise<T>) => {
    const old: (T & Rotated) | undefined = parsed(stored.get(name));
    if (old?.rotation !== rotation) writes.set(name, JSON.stringify({ ...(await make(old)), rotation }));
  };
  await rotated<SigningKey>(KEYS.serviceAccount, nextSigningKey);
  const ring: (KeyRing & Rotated) | undefined = parsed(stored.get(KEYS.secrets));
  // A key is dropped by nobody here: what it encrypted may still be stored.
  if (ring?.rotation !== rotation || kmsOf(ring) !== kms)
    writes.set(KEYS.secrets, ringText(withNewKey(ring ?? { keys: [] }, { since: now, ...(kms && { kms }) }), rotation));
  await rotated<KeyPair>(KEYS.kubeletClient, () => kubeletClient(authority, now));
  return writes;
}

async function ensureAuthority(
  stored: ReadonlyMap<string, string>,
  writes: Map<string, string>,
  name: string,
  commonName: string,
  now: number,
): Promise<KeyPair> {
  const known: KeyPair | undefined = parsed(stored.get(name));
  const pair = known ?? (await issueAuthority(commonName, now));
  if (!known) writes.set(name, JSON.stringify(pair));
  // Public, for those who may read nothing else.
  if (stored.get(`${name}.crt`) !== pair.certificate) writes.set(`${name}.crt`, pair.certificate);
  return pair;
}

function nextSigningKey(old: SigningKey | undefined): SigningKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const previous = old ? [publicOf(old.key), ...old.previous].slice(0, MAX_PREVIOUS_KEYS) : [];
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, previous };
}

function publicOf(key: string): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
}

/** The key of KMS that writes. */
function kmsOf({ keys }: KeyRing): string | undefined {
  const [first] = keys;
  return first && isKms(first) ? first.kms : undefined;
}

/** As it is stored. */
export function ringText({ keys }: KeyRing, rotation: string): string {
  return JSON.stringify({ keys, rotation });
}

/** As long as its authority: nobody would renew it in a cluster that is deployed once. */
function kubeletClient(authority: KeyPair, now: number): Promise<KeyPair> {
  return issueCertificate(
    authority,
    {
      commonName: 'kube-apiserver-kubelet-client',
      organizations: ['system:masters'],
      usages: ['client'],
      validForMs: AUTHORITY_MS,
    },
    now,
  );
}

function parsed<T>(text: string | undefined): T | undefined {
  return text === undefined ? undefined : JSON.parse(text);
}
