import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, TestCluster } from './cluster.ts';
import { CrashLoad } from './crash-load.ts';

/** `npm run crash` does fifty. */
const ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? 5);

describe('kill -9 of the control plane during a write load', () => {
  const cluster = new TestCluster('crash');
  beforeAll(() => cluster.up(), 120_000);
  afterAll(() => cluster.delete(), 60_000);

  test(
    `${ROUNDS} times: no acknowledged write is lost, nothing is half-written, revisions rise, watches resume`,
    async () => {
      const load = await CrashLoad.start(await cluster.kubectl('config', 'view', '--raw', '-o', 'json'));
      for (let round = 0; round < ROUNDS; round++) {
        await load.write(400);
        process.kill(
          Number(
            readFileSync(join(cluster.stateDir, 'control-plane', 'pid'), 'utf8')
              .trim()
              .split(/\s/)[0],
          ),
          'SIGKILL',
        );
        await load.settle();
        await cluster.up();
        await eventually(() => load.ready());
        await load.verify();
      }
      await load.stop();
    },
    60_000 + ROUNDS * 20_000,
  );
});
