import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Caches, Controller, Watch } from '../../lib/client/controller.ts';
import { ingressClasses, ingresses } from '../../lib/client/resource-type.ts';
import type { Log } from '../context.ts';
import { anyServed } from './gateway-controller.ts';

const KEY = 'process';

export interface GatewayProcess {
  controller: Controller;
  stop(): Promise<void>;
}

/**
 * The node's gateway as a process of its own, so that its load does not delay probes, and the node's work no request. It is
 * there while there are Ingresses to serve; one that ends is started again.
 */
export function gatewayProcess(caches: Caches, command: readonly string[], log: Log): GatewayProcess {
  const cache = caches.cache(ingresses);
  const classes = caches.cache(ingressClasses);
  let child: ChildProcess | undefined;
  let stopped = false;
  const end = async () => {
    const ending = child;
    child = undefined;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
    ending.kill('SIGTERM');
    await once(ending, 'exit');
  };
  const controller: Controller = {
    name: 'ingress-gateway-process',
    watches: [ingresses, ingressClasses].map((type): Watch<any> => ({ type, keys: () => [KEY] })),
    async reconcile() {
      const wanted = !stopped && anyServed(cache.list(), (name) => classes.get(name));
      if (!wanted) return void (await end());
      if (child && child.exitCode === null && child.signalCode === null) return { requeueAfterMs: CHECK_MS };
      if (child)
        log('the ingress gateway ended and is started again', { code: child.exitCode, signal: child.signalCode });
      child = start(command);
      return { requeueAfterMs: CHECK_MS };
    },
  };
  return {
    controller,
    async stop() {
      stopped = true;
      await end();
    },
  };
}

/** How soon a gateway that ended is missed. */
const CHECK_MS = 1_000;

/** By the channel it sees that the agent has gone. */
function start([program = '', ...args]: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.on('error', () => undefined);
  return child;
}
