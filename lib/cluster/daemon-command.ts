/** How this project's daemons are run: with little memory rather than the last tenth of throughput. The configuration's path is appended. */
export function controlPlaneCommand(node: string, program: string): string[] {
  return [...ONE_HEAP, node, ...V8_THREADS, '--max-semi-space-size=4', '--no-warnings', program];
}

export function agentCommand(node: string, program: string): string[] {
  return [...ONE_HEAP, node, ...V8_THREADS, '--max-semi-space-size=2', '--no-warnings', program];
}

/** Of an ingress gateway: each request leaves garbage, and a larger nursery lets it die young. */
export function gatewayCommand(node: string, program: string): string[] {
  return [node, ...V8_THREADS, '--max-semi-space-size=16', '--no-warnings', program];
}

/** mallopt(3), M_ARENA_MAX: an arena for each of Node's threads would keep some ten megabytes that nobody uses. */
const ONE_HEAP = ['env', 'MALLOC_ARENA_MAX=2'];

/** One helper for the garbage collector: with four, they wait for each other on a small machine, and each keeps memory. */
const V8_THREADS = ['--v8-pool-size=1'];
