import type { Transport } from '../client/client.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';

/**
 * An apiserver to its clients, whose watches, followed logs and upgraded connections stay open while the apiserver behind it is asked with
 * short requests only: an open watch of a Lambda is billed by the second, and API Gateway cannot upgrade.
 * Whoever asks is authenticated and authorized by the apiserver behind, with the credentials that came with the request.
 */
export interface ApiProxy {
  /** A request as the server takes it, for clients of the same process. */
  fetch(request: Request): Promise<Response>;
  /** Serves HTTP/2 and HTTP/1.1 over TLS. Resolves with the port, which is chosen when 0 is asked for. */
  listen(port: number, host: string): Promise<number>;
  /**
   * Something of this resource (`pods`, `deployments.apps`) has changed, at this revision if it is known: watches of it that are behind ask now.
   * Safe to call for every notice, repeated, reordered or of resources that nobody watches.
   */
  wake(resource: string, revision?: number): void;
  /** Anything may have changed: every watch asks now. */
  wakeAll(): void;
  /** What is asked for upstream: whoever sends notices has to know. */
  held(): HeldWatch[];
  /** New connections are shown this certificate. PEM. */
  setCertificate(tls: ServingCertificate): void;
  close(): Promise<void>;
}

export interface HeldWatch {
  /** Plural. */
  resource: string;
  /** Path and query. */
  url: string;
  /** As it came from the client. */
  authorization: string | undefined;
}

export interface ServingCertificate {
  cert: string;
  key: string;
}

export interface ApiProxyOptions {
  /** How the apiserver behind is reached: `httpUpstream`, or a test's. Request URLs hold the path and query only behind any origin. */
  upstream: Transport;
  tls: ServingCertificate;
  pace: Pace;
  clock: Clock;
  random: Random;
  log: Log;
  /** What is sent upstream in place of the Authorization header that came. Default: the same. Asked for each upstream request: it may rotate. */
  authorization?: (given: string | undefined) => Promise<string | undefined>;
}

/**
 * How often a held watch asks without being woken: after `minMs` when something has changed, then ever more slowly up to `maxMs`.
 * Where notices come (an agent's queue), both are minutes: then it only finds what a lost notice would have told, and keeps the
 * watch's revision within the log's retention.
 */
export interface Pace {
  minMs: number;
  maxMs: number;
}

/** For `zeroplane tunnel`, which hears no notices. */
export const ADAPTIVE: Pace = { minMs: 500, maxMs: 10_000 };

/** For agents, which do. */
export const ON_NOTICE: Pace = { minMs: 300_000, maxMs: 300_000 };
