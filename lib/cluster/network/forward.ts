import type { ClusterConfig } from '../config.ts';
import { run } from './ip.ts';

interface Chain {
  family: string;
  table: string;
  name: string;
  type?: string;
  hook?: string;
}

interface Rule {
  family: string;
  table: string;
  chain: string;
  handle: number;
  comment?: string;
}

/** What `nft --json list ruleset` answers, as far as it is read. */
interface Ruleset {
  nftables: { chain?: Chain; rule?: Rule }[];
}

/** Docker, firewalld and the like drop what they do not know in chains of their own: the cluster's traffic is let through them. Idempotent. */
export async function allowForwarding(cluster: ClusterConfig): Promise<void> {
  const ruleset = await list();
  await apply([...removals(ruleset, cluster), ...insertions(ruleset, cluster)]);
}

export async function disallowForwarding(cluster: ClusterConfig): Promise<void> {
  await apply(removals(await list(), cluster));
}

/** At the head of each chain: from the cluster, between its nodes, and answers to it. */
export function insertions({ nftables }: Ruleset, { bridge, name }: ClusterConfig): string[] {
  const chains = nftables
    .flatMap(({ chain }) => chain ?? [])
    .filter(({ hook, type }) => hook === 'forward' && type === 'filter');
  const ours = chains.filter(({ family }) => family === 'ip' || family === 'inet');
  return ours.flatMap(({ family, table, name: chain }) => [
    `insert rule ${family} ${table} ${chain} oifname "${bridge}" ct state established,related accept comment "${mark(name, bridge)}"`,
    `insert rule ${family} ${table} ${chain} iifname "${bridge}" accept comment "${mark(name, bridge)}"`,
  ]);
}

export function removals({ nftables }: Ruleset, { bridge, name }: ClusterConfig): string[] {
  const rules = nftables.flatMap(({ rule }) => rule ?? []).filter(({ comment }) => comment === mark(name, bridge));
  return rules.map(({ family, table, chain, handle }) => `delete rule ${family} ${table} ${chain} handle ${handle}`);
}

function mark(name: string, bridge: string): string {
  return `zeroplane-${name}-${bridge}`;
}

async function list(): Promise<Ruleset> {
  return JSON.parse(await run(['nft', '--json', '--handle', 'list', 'ruleset'])) as Ruleset;
}

async function apply(lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await run(['nft', '-f', '-'], `${lines.join('\n')}\n`);
}
