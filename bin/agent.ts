/** A node's agent: `node dist/agent.js CONFIG.json`, in the node's network namespace. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { METADATA_ENDPOINT } from '../lib/cloud/aws/instance-metadata.ts';
import { gatewayCommand } from '../lib/cluster/daemon-command.ts';
import type { NodeAgentConfig } from '../lib/cluster/daemon-config.ts';
import { systemClock } from '../lib/runtime/clock.ts';
import { lineLog } from '../lib/runtime/log.ts';
import { systemRandom } from '../lib/runtime/random.ts';
import type { AwsNodeConfig } from './compose/aws-node/config.ts';
import { daemonLog } from './compose/daemon-log.ts';
import { startNode } from './compose/node.ts';
import { runUntilTold } from './compose/process.ts';

const log = lineLog(daemonLog(), systemClock);

runUntilTold(log, async () => {
  const [, program, file] = process.argv as [string, string, string];
  const config = JSON.parse(readFileSync(file, 'utf8')) as NodeAgentConfig | AwsNodeConfig;
  const platform = { clock: systemClock, random: systemRandom, log };
  if (!('provider' in config)) {
    const gateway = gatewayCommand(process.execPath, join(dirname(program), 'ingress-gateway.js'));
    return startNode(config, [...gateway, file], platform);
  }
  // Loaded when needed: a node on this machine knows no cloud.
  const { startAwsNode } = await import('./compose/aws-node/aws-node.ts');
  return startAwsNode(config, process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] ?? METADATA_ENDPOINT, platform);
});
