/** A node's ingress gateway: `node dist/ingress-gateway.js CONFIG.json`, started by the agent with the agent's configuration. */
import { readFileSync } from 'node:fs';
import type { NodeAgentConfig } from '../lib/cluster/daemon-config.ts';
import { systemClock } from '../lib/runtime/clock.ts';
import { lineLog } from '../lib/runtime/log.ts';
import { systemRandom } from '../lib/runtime/random.ts';
import { daemonLog } from './compose/daemon-log.ts';
import { startIngressGateway } from './compose/ingress-gateway.ts';
import { runUntilTold } from './compose/process.ts';

const log = lineLog(daemonLog(), systemClock);

// The agent is gone: the one that comes next brings a gateway of its own.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));

runUntilTold(log, () => {
  const config = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as NodeAgentConfig;
  return startIngressGateway(config, { clock: systemClock, random: systemRandom, log });
});
