import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Prepares this process's network namespace for pods: forwarding between them, host ports on 127.0.0.1 (the proxy's
 * rules keep neighbours off loopback), and the addresses that the node itself answers, like the cluster DNS's.
 */
export async function setUpNodeNetwork(ownIPs: readonly string[]): Promise<void> {
  await writeFile('/proc/sys/net/ipv4/ip_forward', '1');
  await writeFile('/proc/sys/net/ipv4/conf/all/route_localnet', '1');
  await run('ip', ['link', 'set', 'dev', 'lo', 'up']);
  for (const ip of ownIPs) await run('ip', ['address', 'replace', `${ip}/32`, 'dev', 'lo']);
}
