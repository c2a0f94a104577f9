import type { Clock } from '../../lib/runtime/clock.ts';
import type { Log } from '../../lib/runtime/log.ts';
import type { Random } from '../../lib/runtime/random.ts';
import { versionInfo } from '../../lib/runtime/version.ts';
import type { Store } from '../../lib/storage/contract.ts';
import { createApiserver } from './apiserver.ts';
import type { Apiserver, KindRules } from './contract.ts';
import type { Backend } from './dependencies.ts';
import { kindRules } from './kinds/index.ts';
import { type Security, type SecurityOptions, security } from './security.ts';

export interface ComposeOptions extends Omit<SecurityOptions, 'authenticationConfig'> {
  store: Store;
  clock: Clock;
  random: Random;
  log: Log;
  /** Zeroplane's own. */
  version: string;
  /** PEM: who signs client certificates, and what is shown to aggregated servers. */
  authorityCertificate: string;
  frontProxyCertificate: string;
  backend?: Backend;
}

/** The apiserver as every cluster has it, wherever it runs. */
export function composeApiserver(options: ComposeOptions): { apiserver: Apiserver; bootstrap(): Promise<void> } {
  const { store, clock, random, log, backend } = options;
  const guard = security({ ...options, authenticationConfig: authenticationConfig(options) });
  const apiserver = createApiserver({
    store,
    ...guard,
    kinds: kindsWith(guard),
    clock,
    random,
    version: versionInfo(options.version),
    ...(backend && { backend }),
    report: (error, request) => log('a request failed', { url: request.url, error }),
  });
  return { apiserver, bootstrap: guard.bootstrap };
}

/** What aggregated servers read to know who speaks. Source: the aggregation layer documentation. */
function authenticationConfig(options: ComposeOptions): Record<string, string> {
  return {
    'client-ca-file': options.authorityCertificate,
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-client-ca-file': options.frontProxyCertificate,
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-uid-headers': '["X-Remote-Uid"]',
    'requestheader-username-headers': '["X-Remote-User"]',
  };
}

/** A Service's address and ports are reserved in the same commit that writes it. */
function kindsWith({ serviceWrites }: Security): ReadonlyMap<string, KindRules> {
  const services: KindRules = { ...kindRules.get('/services'), companionWrites: serviceWrites };
  return new Map([...kindRules, ['/services', services]]);
}
