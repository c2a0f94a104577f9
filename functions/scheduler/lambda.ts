/** The scheduler, woken by the stream of objects and by itself. */
import { awsFunction } from '../../bin/compose/aws-function.ts';
import { systemClock as clock } from '../../lib/runtime/clock.ts';
import { lineLog } from '../../lib/runtime/log.ts';
import { systemRandom as random } from '../../lib/runtime/random.ts';
import { createScheduler } from './scheduler.ts';

const log = lineLog((line) => process.stdout.write(line), clock);

export const handler = awsFunction({
  name: 'scheduler',
  bundle: __filename,
  env: process.env,
  platform: { clock, random, log },
  controllersOf: (caches, clients) => [createScheduler({ caches, client: clients.scheduler(), clock, random })],
});
