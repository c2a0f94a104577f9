import type { Stack } from 'aws-cdk-lib';
import type { Settings } from './settings.ts';

/** Fixed names let stacks speak of each other's parts without depending on each other. */
export function names({ name }: Pick<Settings, 'name'>) {
  return {
    /** Tables are `PREFIX-objects` and so on. */
    tablePrefix: name,
    keysPath: `/zeroplane/${name}/`,
    /** Of the customer's own key. */
    kmsAlias: `alias/zeroplane-${name}`,
    function: (part: string) => `${name}-${part}`,
    nodeRole: `${name}-node`,
    nodeRoleArn: (stack: Stack) =>
      stack.formatArn({ service: 'iam', region: '', resource: 'role', resourceName: `${name}-node` }),
    /** Each node's queue is `PREFIXi-…`; the controllers make and remove them. */
    nodeQueuePrefix: `${name}-node-`,
    /** What pods on Fargate write. */
    fargateLogs: `/zeroplane/${name}/fargate`,
    launchTemplate: (architecture: string) => `${name}-${architecture}`,
  };
}
