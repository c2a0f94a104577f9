import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '../../lib/client/client.ts';
import { createClient } from '../../lib/client/create-client.ts';
import { httpsTransport } from '../../lib/client/https.ts';
import type { NodeAgentConfig } from '../../lib/cluster/daemon-config.ts';

/** A client of the apiserver with one of the node's certificates. */
export function clientAs({ pki, server }: NodeAgentConfig, certificate: string, userAgent: string): Client {
  const pem = (name: string) => readFileSync(join(pki, name));
  const transport = httpsTransport({
    server,
    ca: pem('ca.crt'),
    cert: pem(`${certificate}.crt`),
    key: pem(`${certificate}.key`),
  });
  return createClient(transport, { baseUrl: server, userAgent });
}
