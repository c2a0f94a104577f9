import type { Condition, Pod, PodCertificateProjection, PodCertificateRequest } from '../../lib/api/types.ts';
import type { EventRecorder } from '../../lib/client/events.ts';
import { ObjectCache } from '../../lib/client/object-cache.ts';
import { reflect } from '../../lib/client/reflector.ts';
import { resourceType, serviceAccounts } from '../../lib/client/resource-type.ts';
import type { AgentContext } from '../context.ts';
import { podReference } from '../pods/container-events.ts';
import { VolumeError } from './payload.ts';
import { stubRequest } from './stub-request.ts';

const podCertificateRequests = resourceType<PodCertificateRequest>(
  'certificates.k8s.io',
  'v1',
  'podcertificaterequests',
  'PodCertificateRequest',
);

/** Spreads the renewals of certificates that were issued together. Source: podcertificatemanager.go jitterDuration. */
const MAX_JITTER_MS = 300_000;

export interface Credential {
  key: string;
  chain: string;
}

interface Issued extends Credential {
  refreshAtMs: number;
}

interface Entry {
  issued?: Issued | undefined;
  /** Why the signer will not, for good. */
  refused?: string | undefined;
  /** The request under way. */
  waiting?: AbortController | undefined;
}

export interface CertificatesOptions {
  context: AgentContext;
  recorder: EventRecorder;
  nodeUid: () => string;
  /** A certificate came, or will not come. */
  changed: (podUid: string) => void;
}

/** Certificates for pods, from signers in the cluster (KEP-4317). Source: pkg/kubelet/podcertificate. */
export class PodCertificates {
  readonly #options: CertificatesOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: CertificatesOptions) {
    this.#options = options;
  }

  /** Throws VolumeError until it is issued. `place` tells the pod's projections apart. */
  async get(pod: Pod, place: string, source: PodCertificateProjection): Promise<Credential> {
    const key = `${pod.metadata?.uid}/${place}`;
    const entry = this.#entries.get(key) ?? {};
    this.#entries.set(key, entry);
    const due = !entry.issued || entry.issued.refreshAtMs <= this.#options.context.clock.now();
    if (due && !entry.waiting && !entry.refused) await this.#request(pod, entry, source);
    if (entry.issued) return entry.issued;
    throw new VolumeError(entry.refused ?? 'credential bundle is not issued yet');
  }

  renewAt(podUid: string): number | undefined {
    const times = this.#of(podUid).flatMap(([, { issued, waiting }]) =>
      issued && !waiting ? [issued.refreshAtMs] : [],
    );
    return times.length ? Math.min(...times) : undefined;
  }

  forget(podUid: string): void {
    for (const [key, { waiting }] of this.#of(podUid)) {
      waiting?.abort();
      this.#entries.delete(key);
    }
  }

  stop(): void {
    for (const { waiting } of this.#entries.values()) waiting?.abort();
  }

  #of(podUid: string): [string, Entry][] {
    return [...this.#entries].filter(([key]) => key.startsWith(`${podUid}/`));
  }

  async #request(pod: Pod, entry: Entry, source: PodCertificateProjection): Promise<void> {
    const waiting = new AbortController();
    entry.waiting = waiting;
    try {
      const { key, request } = stubRequest(source.keyType);
      const { metadata } = await this.#create(pod, source, request);
      this.#follow(pod, entry, waiting, metadata.name, key);
    } catch (error) {
      entry.waiting = undefined;
      throw error;
    }
  }

  async #create(pod: Pod, source: PodCertificateProjection, request: Buffer) {
    const { client, config } = this.#options.context;
    const { namespace, name = '', uid = '' } = pod.metadata ?? {};
    const serviceAccountName = pod.spec?.serviceAccountName || 'default';
    const account = await client.get(serviceAccounts, { namespace, name: serviceAccountName });
    const { maxExpirationSeconds, userAnnotations, signerName } = source;
    return client.create(podCertificateRequests, {
      metadata: { namespace, generateName: 'req-', ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid }] },
      spec: {
        signerName,
        podName: name,
        podUID: uid,
        serviceAccountName,
        serviceAccountUID: account.metadata.uid,
        nodeName: config.nodeName,
        nodeUID: this.#options.nodeUid(),
        stubPKCS10Request: request.toString('base64'),
        ...(maxExpirationSeconds === undefined ? {} : { maxExpirationSeconds }),
        ...(userAnnotations ? { unverifiedUserAnnotations: userAnnotations } : {}),
      },
    });
  }

  #follow(pod: Pod, entry: Entry, waiting: AbortController, name: string, key: string): void {
    const cache = new ObjectCache(podCertificateRequests);
    const settle = (apply: () => void) => {
      apply();
      waiting.abort();
      entry.waiting = undefined;
      this.#options.changed(pod.metadata!.uid!);
    };
    cache.subscribe((request, previous) => {
      if (waiting.signal.aborted) return;
      const refusal = refusalOf(request);
      if (request?.status?.certificateChain) settle(() => this.#issue(entry, request, key));
      else if (refusal) settle(() => this.#refuse(pod, entry, name, refusal));
      // Deleted before it was answered: the next look makes another.
      else if (!request && previous) settle(() => {});
    });
    const { client, clock, random, log, config } = this.#options.context;
    void reflect(client, cache, {
      clock,
      random,
      signal: waiting.signal,
      namespace: pod.metadata!.namespace!,
      // A node may see the requests of its own pods only, and must say so.
      fieldSelector: `spec.nodeName=${config.nodeName},metadata.name=${name}`,
      onError: (error) => log('cannot follow a request for a pod’s certificate', { name, error }),
    });
  }

  #issue(entry: Entry, { status }: PodCertificateRequest, key: string): void {
    const refreshAtMs = Date.parse(status!.beginRefreshAt!) + this.#options.context.random.next() * MAX_JITTER_MS;
    entry.issued = { key, chain: status!.certificateChain!, refreshAtMs };
  }

  /** A certificate that cannot be renewed is used to its end. */
  #refuse(pod: Pod, entry: Entry, name: string, { type, reason, message }: Condition): void {
    const text = `PodCertificateRequest ${name} was ${type.toLowerCase()}: reason="${reason}" message="${message}"`;
    this.#options.recorder.warning(podReference(pod), type, text);
    const word = type === 'Denied' ? 'denied' : 'failed';
    entry.refused = `PodCertificateRequest was permanently ${word}: reason="${reason}" message="${message}"`;
    if (entry.issued) entry.issued.refreshAtMs = Number.POSITIVE_INFINITY;
  }
}

function refusalOf(request: PodCertificateRequest | undefined): Condition | undefined {
  return request?.status?.conditions?.find(
    ({ type, status }) => (type === 'Denied' || type === 'Failed') && status === 'True',
  );
}
