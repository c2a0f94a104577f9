import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, delay, type Timer } from '../../../lib/runtime/clock.ts';
import type { Runtime } from '../../runtime-contract.ts';
import { criRuntime } from '../cri-runtime.ts';
import { loadSandboxImage } from '../images/load.ts';
import { SANDBOX_IMAGE } from '../images/pause.ts';
import { containerdConfig } from './config.ts';
import { type ContainerdPaths, containerdPaths } from './paths.ts';
import { runningContainerd, spawnContainerd } from './process.ts';
import { detectSettings } from './settings.ts';

export interface ContainerdOptions {
  /** Everything of this node's containerd lies below it. */
  folder: string;
  /** The node's CNI network, a conflist: see agent/network/cni.ts. */
  cniConfig: string;
  cniBinaries: string;
  clock: Clock;
  log(message: string): void;
}

export interface Containerd {
  readonly runtime: Runtime;
  readonly paths: ContainerdPaths;
  /** Ends the supervision; containerd and its containers go on. */
  release(): void;
}

const READY_TIMEOUT_MS = 30_000;
const READY_POLL_MS = 20;
const SUPERVISE_MS = 1_000;

/** Takes up the containerd that runs from this folder, or starts it, and restarts it whenever it dies. */
export async function startContainerd(options: ContainerdOptions): Promise<Containerd> {
  const paths = containerdPaths(options.folder);
  await mkdir(paths.cniConfig, { recursive: true });
  await writeFile(join(paths.cniConfig, '10-zeroplane.conflist'), options.cniConfig);
  if (!(await runningContainerd(paths))) await configureAndSpawn(paths, options);
  const runtime = criRuntime(paths.socket);
  await ready(runtime, paths, options.clock);
  if (!(await runtime.imageStatus(SANDBOX_IMAGE))) await loadSandboxImage(paths.socket, paths.folder);
  const stop = supervise(paths, options);
  const release = () => {
    stop();
    runtime.close();
  };
  return { runtime, paths, release };
}

async function configureAndSpawn(paths: ContainerdPaths, options: ContainerdOptions): Promise<void> {
  const settings = await detectSettings(paths.folder, options.cniBinaries);
  await writeFile(paths.config, containerdConfig(paths, settings));
  await spawnContainerd(paths);
}

async function ready(runtime: Runtime, paths: ContainerdPaths, clock: Clock): Promise<void> {
  const deadline = clock.now() + READY_TIMEOUT_MS;
  for (;;) {
    const failure = await runtime.version().then(
      () => undefined,
      (error: Error) => error,
    );
    if (!failure) return;
    if (!(await runningContainerd(paths))) throw new Error(`containerd ended while starting: see ${paths.log}`);
    if (clock.now() > deadline) throw new Error(`containerd is not ready: see ${paths.log}`, { cause: failure });
    await delay(clock, READY_POLL_MS);
  }
}

/** Returns how to stop it. */
function supervise(paths: ContainerdPaths, { clock, log }: ContainerdOptions): () => void {
  let timer: Timer;
  let stopped = false;
  const check = async () => {
    try {
      if (!(await runningContainerd(paths))) {
        log('containerd has died: starting it again');
        await spawnContainerd(paths);
      }
    } catch (error) {
      log(`containerd could not be started: ${error}`);
    }
    if (!stopped) timer = clock.schedule(SUPERVISE_MS, check);
  };
  timer = clock.schedule(SUPERVISE_MS, check);
  return () => {
    stopped = true;
    timer.cancel();
  };
}
