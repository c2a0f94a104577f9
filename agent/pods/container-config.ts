import type { Container, Pod } from '../../lib/api/types.ts';
import type { ContainerConfig, Image, Mount } from '../runtime-contract.ts';
import { expand } from './expansion.ts';
import { containerAnnotations, containerLabels } from './labels.ts';
import { containerResources, type NodeFacts } from './resources.ts';
import { containerSecurityContext } from './security-context.ts';

export interface ContainerInput {
  pod: Pod;
  container: Container;
  restartCount: number;
  image: Image;
  env: ReadonlyMap<string, string>;
  mounts: Mount[];
  devices?: NonNullable<ContainerConfig['devices']>;
  node: NodeFacts;
  seccompDir: string;
  /** The container whose processes an ephemeral container joins. */
  targetId?: string | undefined;
}

/** Source: kuberuntime_container.go generateContainerConfig. Pure. */
export function containerConfig(input: ContainerInput): ContainerConfig {
  const { pod, container, restartCount, image, env, mounts, devices = [], node, targetId } = input;
  const securityContext = containerSecurityContext(pod, container, image, input.seccompDir);
  const { namespaceOptions } = securityContext;
  // A shared process namespace has the target in it already.
  if (targetId && namespaceOptions.pid === 'CONTAINER')
    securityContext.namespaceOptions = { ...namespaceOptions, pid: 'TARGET', targetId };
  return {
    metadata: { name: container.name, attempt: restartCount },
    image: image.id,
    userSpecifiedImage: container.image ?? '',
    command: (container.command ?? []).map((word) => expand(word, env)),
    args: (container.args ?? []).map((word) => expand(word, env)),
    ...(container.workingDir ? { workingDir: container.workingDir } : {}),
    envs: [...env].map(([key, value]) => ({ key, value })),
    mounts,
    ...(devices.length > 0 ? { devices } : {}),
    labels: containerLabels(pod, container),
    annotations: containerAnnotations(pod, container, restartCount),
    logPath: `${container.name}/${restartCount}.log`,
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    linux: { resources: containerResources(pod, container, node), securityContext },
  };
}
