import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isReason } from '../../lib/api/status.ts';
import type { Client } from '../../lib/client/client.ts';
import { certificateSigningRequests } from '../../lib/client/resource-type.ts';
import type { KeyPair } from '../../lib/pki/certificate.ts';
import { type Clock, delay } from '../../lib/runtime/clock.ts';
import type { Log } from '../../lib/runtime/log.ts';
import { type Backoff, backoffMs } from '../../lib/runtime/queue.ts';
import type { Random } from '../../lib/runtime/random.ts';

export interface KeepCertificateOptions {
  client: Client;
  nodeName: string;
  signer: string;
  /** DNS names and IP addresses. */
  names: readonly string[];
  /** `FOLDER/NAME.crt` and `FOLDER/NAME.key`; the folder's `ca.crt` is who must have signed. */
  folder: string;
  name: string;
  clock: Clock;
  random: Random;
  log: Log;
  signal: AbortSignal;
  /** Told of the first certificate and of every later one. */
  use(pair: KeyPair): void;
}

/** Short, as machines come and go and nobody revokes; a renewal is three requests. */
const EXPIRATION_SECONDS = 7 * 86_400;
/** As kubelet: renewed when seven to nine tenths of its time are over. Source: client-go's certificate manager. */
const [RENEW_FROM, RENEW_SPREAD] = [0.7, 0.2];
/** A request that nobody approves is made anew, as its node may have changed since. */
const PATIENCE_MS = 900_000;
const POLL: Backoff = { baseMs: 500, maxMs: 15_000, jitter: 0.5 };
const RETRY: Backoff = { baseMs: 1000, maxMs: 60_000, jitter: 1 };

/** Keeps a serving certificate of the cluster's authority: asks for one with a key of its own and renews it before it ends. Until the signal aborts. */
export async function keepCertificate(options: KeepCertificateOptions): Promise<void> {
  const { clock, random, log, signal } = options;
  let failures = 0;
  let pair = await storedPair(options);
  if (pair) options.use(pair);
  while (!signal.aborted) {
    if (pair) await delay(clock, renewInMs(pair, clock.now(), random), signal);
    if (signal.aborted) return;
    try {
      pair = await requestPair(options);
      failures = 0;
      if (pair) options.use(pair);
    } catch (error) {
      log('cannot get a serving certificate', { signer: options.signer, error });
      await delay(clock, backoffMs(failures++, random, RETRY), signal);
    }
  }
}

function renewInMs({ certificate }: KeyPair, now: number, random: Random): number {
  const { validFrom, validTo } = new X509Certificate(certificate);
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  return Math.max(0, from + (to - from) * (RENEW_FROM + RENEW_SPREAD * random.next()) - now);
}

/** What an earlier run of this agent left, if it still serves. */
async function storedPair({ folder, name, names, clock }: KeepCertificateOptions): Promise<KeyPair | undefined> {
  const read = (file: string) => readFile(join(folder, file), 'utf8').catch(() => undefined);
  const [certificate, key, authority] = await Promise.all(
    ['crt', 'key'].map((end) => read(`${name}.${end}`)).concat(read('ca.crt')),
  );
  if (!certificate || !key || !authority) return undefined;
  const parsed = new X509Certificate(certificate);
  const served = (parsed.subjectAltName ?? '').split(', ').map((entry) => entry.replace(/^[^:]*:/, ''));
  const fits = names.every((wanted) => served.includes(wanted)) && Date.parse(parsed.validTo) > clock.now();
  return fits && parsed.verify(new X509Certificate(authority).publicKey) ? { certificate, key } : undefined;
}

/** Undefined: nobody signed it in time, or the signal aborted. */
async function requestPair(options: KeepCertificateOptions): Promise<KeyPair | undefined> {
  const { client, nodeName, signer, names } = options;
  const { createRequest } = await import('../../lib/pki/request.ts');
  const subject = { commonName: `system:node:${nodeName}`, organizations: ['system:nodes'] };
  const { request, key } = await createRequest({ ...subject, names });
  const stored = await client.create(certificateSigningRequests, {
    metadata: { generateName: 'csr-' },
    spec: {
      signerName: signer,
      request: Buffer.from(request).toString('base64'),
      usages: ['digital signature', 'server auth'],
      expirationSeconds: EXPIRATION_SECONDS,
    },
  });
  const certificate = await issued(stored.metadata.name, options);
  if (certificate === undefined) return undefined;
  await store(options, { certificate, key });
  return { certificate, key };
}

async function issued(name: string, options: KeepCertificateOptions): Promise<string | undefined> {
  const { client, clock, random, signal } = options;
  const until = clock.now() + PATIENCE_MS;
  for (let polls = 0; !signal.aborted && clock.now() < until; polls++) {
    await delay(clock, backoffMs(polls, random, POLL), signal);
    const status = await statusOf(client, name);
    if (status?.certificate) return Buffer.from(status.certificate, 'base64').toString();
    const refused = status?.conditions?.find(({ type }) => type === 'Denied' || type === 'Failed');
    if (refused) throw new Error(`${name} was ${refused.type.toLowerCase()}: ${refused.message || refused.reason}`);
  }
  return undefined;
}

/** An answer that does not come now may come with the next question. */
async function statusOf(client: Client, name: string) {
  try {
    return (await client.get(certificateSigningRequests, { name })).status;
  } catch (error) {
    if (isReason(error, 'NotFound', 'Forbidden')) throw error;
    return undefined;
  }
}

/** The certificate comes last: a crash between the two leaves a pair that does not fit, and both are made again. */
async function store({ folder, name }: KeepCertificateOptions, { certificate, key }: KeyPair): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [end, text, mode] of [
    ['key', key, 0o600],
    ['crt', certificate, 0o644],
  ] as const) {
    const file = join(folder, `${name}.${end}`);
    await writeFile(`${file}.new`, text, { mode });
    await rename(`${file}.new`, file);
  }
}
