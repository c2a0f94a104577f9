import { execFileSync } from 'node:child_process';
import { insertions, removals } from '../../lib/cluster/network/forward.ts';

const cluster = { name: 'a', bridge: 'zp012345' } as any;

/** Chains as Docker (iptables-nft) and firewalld make them, and one that is none of ours to touch. */
const FOREIGN = `
table ip filter {
  chain FORWARD {
    type filter hook forward priority filter; policy drop;
    ip saddr 192.0.2.1 drop
  }
  chain DOCKER {
  }
}
table inet firewalld {
  chain filter_FORWARD {
    type filter hook forward priority filter + 10; policy accept;
    reject
  }
}
table ip6 filter {
  chain FORWARD {
    type filter hook forward priority filter; policy drop;
  }
}
`;

/** A network namespace of its own, which ends with the command. */
function inNamespace(script: string): string {
  return execFileSync('unshare', ['--net', 'sh', '-ec', script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

const load = (text: string) => `nft -f - <<'END'\n${text}\nEND\n`;
const list = (script: string) => JSON.parse(inNamespace(`${script}nft --json --handle list ruleset`));
test('the kernel takes the rules, and taking them away leaves what was there', () => {
  const before = list(load(FOREIGN));
  const added = insertions(before, cluster).join('\n');
  expect(added.match(/insert/g)).toHaveLength(4);
  const during = list(load(FOREIGN) + load(added));
  const removed = removals(during, cluster).join('\n');
  expect(removed.match(/delete/g)).toHaveLength(4);
  expect(list(load(FOREIGN) + load(added) + load(removed))).toEqual(before);
  expect(removals(during, { ...cluster, name: 'b' })).toEqual([]);
});
