import type { LocalStack } from '../../localstack/server.ts';

const held = globalThis as { zeroplaneLocalStack?: LocalStack };

/** Between setup and teardown, which are loaded apart from the suites. */
export function keepRunning(localstack: LocalStack): void {
  held.zeroplaneLocalStack = localstack;
}

export default async function teardown(): Promise<void> {
  await held.zeroplaneLocalStack?.stop();
}
