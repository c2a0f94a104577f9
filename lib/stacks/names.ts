import type { Settings } from './settings.ts';

/** Fixed names let stacks speak of each other's parts without depending on each other. */
export function names({ name }: Pick<Settings, 'name'>) {
  return {
    tablePrefix: `${name}-`,
    keysPath: `/zeroplane/${name}/`,
    function: (part: string) => `${name}-${part}`,
    nodeRole: `${name}-node`,
    /** Each node's queue is `PREFIXi-…`; the controllers make and remove them. */
    nodeQueuePrefix: `${name}-node-`,
    launchTemplate: (architecture: string) => `${name}-${architecture}`,
  };
}
