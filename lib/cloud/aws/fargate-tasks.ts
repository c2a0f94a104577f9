import {
  ConflictException,
  DeleteTaskDefinitionsCommand,
  DeregisterTaskDefinitionCommand,
  type DesiredStatus,
  type ECSClient,
  ECSServiceException,
  type Failure,
  paginateListTaskDefinitions,
  paginateListTasks,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  type RunTaskCommandInput,
  StopTaskCommand,
  type TaskDefinitionStatus,
} from '@aws-sdk/client-ecs';
import { NoCapacity } from '../instances.ts';
import { RefusedTask, type RunRequest, type Task, type Tasks } from '../tasks.ts';
import { describeTasks } from './describe-tasks.ts';
import { type DefinitionPlace, definition } from './fargate-definition.ts';
import { tagsOf, taskOf } from './fargate-task.ts';

export interface FargateTasksOptions extends DefinitionPlace {
  ecs: ECSClient;
  /** The ECS cluster, which has the Kubernetes cluster's name. */
  cluster: string;
  /** Where nodes live, so do tasks: pods of both reach each other. */
  place(): Promise<{ subnets: readonly string[]; securityGroup: string }>;
  /** In public subnets images are pulled from the internet by it: a NAT gateway is not needed. */
  publicIp: boolean;
}

/** Source: DeleteTaskDefinitions of the ECS API reference. */
const MAX_DELETED = 10;
/** What an account may run at once is a quota; it is told as an error, not as a failure. */
const NO_ROOM = /limit|capacity|quota/i;

export function fargateTasks(options: FargateTasksOptions): Tasks {
  return new FargateTasks(options);
}

class FargateTasks implements Tasks {
  readonly #options: FargateTasksOptions;

  constructor(options: FargateTasksOptions) {
    this.#options = options;
  }

  async run(request: RunRequest): Promise<Task> {
    const taskDefinition = await this.#register(request);
    try {
      const { ecs } = this.#options;
      const { tasks = [], failures = [] } = await ecs.send(
        new RunTaskCommand(await this.#input(request, taskDefinition)),
      );
      if (!tasks[0]) throw new NoCapacity(failures.map(reasonOf).join(', ') || 'no task was started');
      return taskOf({ ...tasks[0], tags: tagsOf(this.#options.cluster, request.owner) })!;
    } catch (error) {
      // When the answer is lost a task may have been started with it.
      if (isAnswer(error)) await this.#deregister(taskDefinition);
      const earlier = await this.#earlier(error);
      if (earlier) return earlier;
      throw isRoom(error) ? new NoCapacity((error as Error).message) : error;
    }
  }

  describe(ids: readonly string[]): Promise<readonly Task[]> {
    return describeTasks(this.#options.ecs, this.#options.cluster, ids);
  }

  /** By family: each pod has its own. */
  async ofPod(uid: string): Promise<readonly Task[]> {
    const family = this.#family(uid);
    const lists = [await this.#ids('RUNNING', family), await this.#ids('STOPPED', family)];
    return this.describe([...new Set(lists.flat())]);
  }

  async alive(): Promise<readonly Task[]> {
    return this.describe(await this.#ids('RUNNING'));
  }

  async stop(id: string, reason: string): Promise<void> {
    const { ecs, cluster } = this.#options;
    try {
      await ecs.send(new StopTaskCommand({ cluster, task: id, reason }));
    } catch (error) {
      // ECS has forgotten it.
      if (!(error instanceof ECSServiceException && error.name === 'InvalidParameterException')) throw error;
    }
  }

  async forget(uid: string): Promise<void> {
    const { ecs } = this.#options;
    for (const arn of await this.#definitions(uid, 'ACTIVE')) await this.#deregister(arn);
    const arns = await this.#definitions(uid, 'INACTIVE');
    for (let from = 0; from < arns.length; from += MAX_DELETED)
      await ecs.send(new DeleteTaskDefinitionsCommand({ taskDefinitions: arns.slice(from, from + MAX_DELETED) }));
  }

  async #register({ owner: { uid }, spec }: RunRequest): Promise<string> {
    const { ecs } = this.#options;
    try {
      const input = definition(this.#family(uid), uid, spec, this.#options);
      const { taskDefinition } = await ecs.send(new RegisterTaskDefinitionCommand(input));
      return taskDefinition!.taskDefinitionArn!;
    } catch (error) {
      if (!(error instanceof ECSServiceException)) throw error;
      // It is not this definition that is wrong when there were too many at once.
      const refused = error.name === 'InvalidParameterException' || error.name === 'ClientException';
      throw refused && !/too many/i.test(error.message) ? new RefusedTask(error.message) : error;
    }
  }

  async #input({ owner, capacityType }: RunRequest, taskDefinition: string): Promise<RunTaskCommandInput> {
    const { cluster, place, publicIp } = this.#options;
    const { subnets, securityGroup } = await place();
    const spot = [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }];
    return {
      cluster,
      taskDefinition,
      clientToken: `${owner.uid}-${owner.attempt}`,
      startedBy: owner.uid,
      count: 1,
      ...(capacityType === 'spot' ? { capacityProviderStrategy: spot } : { launchType: 'FARGATE' }),
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: [...subnets],
          securityGroups: [securityGroup],
          assignPublicIp: publicIp ? 'ENABLED' : 'DISABLED',
        },
      },
      tags: tagsOf(cluster, owner),
    };
  }

  /** The attempt runs already, with an earlier definition: its token was used. Source: "Ensuring idempotency" of the ECS API. */
  async #earlier(error: unknown): Promise<Task | undefined> {
    if (!(error instanceof ConflictException)) return undefined;
    const [task] = await this.describe(error.resourceIds ?? []);
    return task;
  }

  async #deregister(taskDefinition: string): Promise<void> {
    await this.#options.ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition }));
  }

  async #definitions(uid: string, status: TaskDefinitionStatus): Promise<string[]> {
    const { ecs } = this.#options;
    const arns: string[] = [];
    const pages = paginateListTaskDefinitions({ client: ecs }, { familyPrefix: this.#family(uid), status });
    for await (const { taskDefinitionArns = [] } of pages) arns.push(...taskDefinitionArns);
    return arns;
  }

  async #ids(desiredStatus: DesiredStatus, family?: string): Promise<string[]> {
    const { ecs, cluster } = this.#options;
    const ids: string[] = [];
    const pages = paginateListTasks({ client: ecs }, { cluster, desiredStatus, ...(family && { family }) });
    for await (const { taskArns = [] } of pages) ids.push(...taskArns);
    return ids;
  }

  #family(uid: string): string {
    return `${this.#options.cluster}-${uid}`;
  }
}

function reasonOf({ reason, detail }: Failure): string {
  return detail ? `${reason}: ${detail}` : (reason ?? '');
}

function isAnswer(error: unknown): boolean {
  return error instanceof ECSServiceException || error instanceof NoCapacity;
}

function isRoom(error: unknown): boolean {
  if (!(error instanceof ECSServiceException)) return false;
  return error.name === 'LimitExceededException' || (error.name === 'ClientException' && NO_ROOM.test(error.message));
}
