import type { ContainerDefinition, RegisterTaskDefinitionCommandInput } from '@aws-sdk/client-ecs';
import type { TaskContainer, TaskSpec } from '../tasks.ts';

export interface DefinitionPlace {
  region: string;
  logGroup: string;
  executionRoleArn: string;
}

/** What ECS is told of a task before it runs one. Streams of its logs begin with the pod's uid. */
export function definition(
  family: string,
  uid: string,
  spec: TaskSpec,
  { region, logGroup, executionRoleArn }: DefinitionPlace,
): RegisterTaskDefinitionCommandInput {
  const options = { 'awslogs-group': logGroup, 'awslogs-region': region, 'awslogs-stream-prefix': uid };
  return {
    family,
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: String(spec.cpuUnits),
    memory: String(spec.memoryMiB),
    executionRoleArn,
    runtimePlatform: {
      operatingSystemFamily: 'LINUX',
      cpuArchitecture: spec.architecture === 'arm64' ? 'ARM64' : 'X86_64',
    },
    volumes: spec.volumes.map((name) => ({ name })),
    ...(spec.shareProcesses && { pidMode: 'task' }),
    ...(spec.ephemeralStorageGiB && { ephemeralStorage: { sizeInGiB: spec.ephemeralStorageGiB } }),
    containerDefinitions: spec.containers.map((container) => ({
      ...containerDefinition(container),
      logConfiguration: { logDriver: 'awslogs', options },
    })),
  };
}

function containerDefinition(container: TaskContainer): ContainerDefinition {
  const { entryPoint, command, healthCheck, sysctls } = container;
  return {
    name: container.name,
    image: container.image,
    essential: container.essential,
    ...(entryPoint && { entryPoint: [...entryPoint] }),
    ...(command && { command: [...command] }),
    ...(container.workingDir && { workingDirectory: container.workingDir }),
    environment: [...container.environment].map(([name, value]) => ({ name, value })),
    portMappings: container.ports.map(({ port, protocol }) => ({ containerPort: port, protocol })),
    mountPoints: container.mounts.map(({ volume, path, readOnly }) => ({
      sourceVolume: volume,
      containerPath: path,
      readOnly,
    })),
    dependsOn: container.dependsOn.map(({ name, condition }) => ({ containerName: name, condition })),
    ...limits(container),
    ...security(container),
    ...(container.stopTimeoutSeconds && { stopTimeout: container.stopTimeoutSeconds }),
    ...(sysctls && { systemControls: sysctls.map(({ name, value }) => ({ namespace: name, value })) }),
    ...(container.restarts && { restartPolicy: { enabled: true } }),
    ...(container.tty && { pseudoTerminal: true }),
    ...(container.stdin && { interactive: true }),
    ...(healthCheck && {
      healthCheck: {
        command: [...healthCheck.command],
        interval: healthCheck.intervalSeconds,
        timeout: healthCheck.timeoutSeconds,
        retries: healthCheck.retries,
        startPeriod: healthCheck.startPeriodSeconds,
      },
    }),
  };
}

function limits({ cpuUnits, memoryLimitMiB, memoryReservationMiB }: TaskContainer): Partial<ContainerDefinition> {
  return {
    ...(cpuUnits !== undefined && { cpu: cpuUnits }),
    ...(memoryLimitMiB !== undefined && { memory: memoryLimitMiB }),
    ...(memoryReservationMiB !== undefined && { memoryReservation: memoryReservationMiB }),
  };
}

function security(container: TaskContainer): Partial<ContainerDefinition> {
  const { user, readOnlyRoot, addCapabilities: add, dropCapabilities: drop } = container;
  const capabilities = { ...(add && { add: [...add] }), ...(drop && { drop: [...drop] }) };
  return {
    ...(user && { user }),
    ...(readOnlyRoot && { readonlyRootFilesystem: true }),
    ...((add || drop) && { linuxParameters: { capabilities } }),
  };
}
