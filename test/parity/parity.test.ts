import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Case, isLeftAlone, lifeOf, readCases, runCase } from './case.ts';
import { hasPeers, startPeer } from './peer.ts';
import type { Target } from './target.ts';
import { startZeroplane } from './zeroplane.ts';

const PEERS = process.env['PEERS_DIR'] ?? join(homedir(), '.cache/zeroplane/peers');

/** Without the peers there is nothing to compare with: peers/build.sh makes them. */
const compare = hasPeers(PEERS) ? describe : describe.skip;

compare('kube-apiserver and Zeroplane answer the same', () => {
  let peer: Target;
  let zeroplane: Target;

  beforeAll(async () => {
    [peer, zeroplane] = await Promise.all([startPeer(PEERS), startZeroplane()]);
  }, 90_000);

  afterAll(async () => {
    await Promise.all([peer?.stop(), zeroplane?.stop()]);
  });

  const same = (item: Case) =>
    test(item.name, async () => {
      const [expected, actual] = [await runCase(peer, item), await runCase(zeroplane, item)];
      expect(actual).toEqual(expected);
    });

  const files = readCases(join(__dirname, 'cases'));
  for (const { file, cases } of files) {
    describe(file.replace('.yaml', ''), () => cases.forEach(same));
  }

  describe('lives', () => {
    const minimal = files.find(({ file }) => file === 'minimal.yaml')!;
    minimal.cases.filter(isLeftAlone).map(lifeOf).forEach(same);
  });
});
