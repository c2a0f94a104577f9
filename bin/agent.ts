/** A node's agent: `node dist/agent.js CONFIG.json`, in the node's network namespace. */
import { readFileSync } from 'node:fs';
import type { NodeAgentConfig } from '../lib/cluster/daemon-config.ts';
import { systemClock } from '../lib/runtime/clock.ts';
import { lineLog } from '../lib/runtime/log.ts';
import { systemRandom } from '../lib/runtime/random.ts';
import { daemonLog } from './compose/daemon-log.ts';
import { startNode } from './compose/node.ts';
import { runUntilTold } from './compose/process.ts';

const log = lineLog(daemonLog(), systemClock);

runUntilTold(log, () => {
  const config = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as NodeAgentConfig;
  return startNode(config, { clock: systemClock, random: systemRandom, log });
});
