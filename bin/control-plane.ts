/** The control plane's process: `node dist/control-plane.js CONFIG.json`. */
import { readFileSync } from 'node:fs';
import type { ControlPlaneConfig } from '../lib/cluster/daemon-config.ts';
import { systemClock } from '../lib/runtime/clock.ts';
import { lineLog } from '../lib/runtime/log.ts';
import { systemRandom } from '../lib/runtime/random.ts';
import { startControlPlane } from './compose/control-plane.ts';
import { daemonLog } from './compose/daemon-log.ts';
import { runUntilTold } from './compose/process.ts';

const log = lineLog(daemonLog(), systemClock);

runUntilTold(log, () => {
  const config = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as ControlPlaneConfig;
  return startControlPlane(config, { clock: systemClock, random: systemRandom, log });
});
