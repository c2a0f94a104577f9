/** The name servers of a resolv.conf(5) that can be reached from another network namespace than the machine's. */
export function nameServers(text: string): string[] {
  const servers = text.matchAll(/^\s*nameserver\s+(\S+)/gm);
  return Array.from(servers, (match) => match[1] as string).filter(isReachable);
}

/** IPv4 only, as pods are; a server on the machine's loopback (systemd-resolved's 127.0.0.53) is not ours to reach. */
function isReachable(address: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(address) && !address.startsWith('127.');
}
