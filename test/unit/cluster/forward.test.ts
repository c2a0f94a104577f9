import { insertions } from '../../../lib/cluster/network/forward.ts';

const cluster = { name: 'a', bridge: 'zp012345' } as any;

test('every chain that judges forwarded IPv4 lets the cluster through, and no other', () => {
  const ruleset = {
    nftables: [
      { chain: { family: 'ip', table: 'filter', name: 'FORWARD', type: 'filter', hook: 'forward' } },
      { chain: { family: 'ip', table: 'filter', name: 'DOCKER' } },
      { chain: { family: 'ip', table: 'nat', name: 'POSTROUTING', type: 'nat', hook: 'postrouting' } },
      { chain: { family: 'ip6', table: 'filter', name: 'FORWARD', type: 'filter', hook: 'forward' } },
    ],
  };
  const lines = insertions(ruleset, cluster);
  expect(lines).toHaveLength(2);
  expect(lines.every((line) => line.startsWith('insert rule ip filter FORWARD '))).toBe(true);
});
