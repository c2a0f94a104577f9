import type { Stored } from '../../lib/api/object.ts';
import type { Container, Pod, Secret } from '../../lib/api/types.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import type { AuthConfig, Image, PodSandboxConfig, Runtime } from '../runtime-contract.ts';
import type { ContentSource } from '../volumes/sources.ts';
import { BackoffBook } from './back-off.ts';
import type { ContainerEvents } from './container-events.ts';
import { invalidImageName } from './image-name.ts';
import { credentialsFor } from './pull-secrets.ts';
import { StartError } from './start-error.ts';

export interface ImagesDependencies {
  runtime: Runtime;
  clock: Clock;
  content: Pick<ContentSource, 'secret'>;
}

/** Brings images to the node as imagePullPolicy says. Source: pkg/kubelet/images/image_manager.go, whose words these are. */
export class Images {
  readonly #runtime: Runtime;
  readonly #clock: Clock;
  readonly #content: Pick<ContentSource, 'secret'>;
  readonly #backoffs = new BackoffBook();
  /** By pod and image: what the back-off goes on saying. */
  readonly #failures = new Map<string, { message: string; atMs: number }>();

  constructor({ runtime, clock, content }: ImagesDependencies) {
    this.#runtime = runtime;
    this.#clock = clock;
    this.#content = content;
  }

  async ensure(pod: Pod, container: Container, sandbox: PodSandboxConfig, events: ContainerEvents): Promise<Image> {
    try {
      return await this.#ensure(pod, container, sandbox, events);
    } catch (error) {
      // Said beside what the image manager says itself. Source: kuberuntime startContainer.
      if (error instanceof StartError) events.warning('Failed', `Error: ${error.reason}`);
      throw error;
    }
  }

  async #ensure(pod: Pod, container: Container, sandbox: PodSandboxConfig, events: ContainerEvents): Promise<Image> {
    const name = container.image ?? '';
    refuseInvalidName(name, events);
    const policy = container.imagePullPolicy ?? 'IfNotPresent';
    if (policy !== 'Always') {
      const present = await this.#inspect(name, events);
      if (present) {
        events.normal('Pulled', `Container image "${name}" already present on machine and can be accessed by the pod`);
        return present;
      }
    }
    if (policy === 'Never') throw neverPulled(name, events);
    return this.#pull(pod, name, sandbox, events);
  }

  forget(podUid: string): void {
    for (const key of this.#failures.keys()) {
      if (!key.startsWith(`${podUid}_`)) continue;
      this.#failures.delete(key);
      this.#backoffs.forget(key);
    }
  }

  async #inspect(name: string, events: ContainerEvents): Promise<Image | undefined> {
    try {
      return await this.#runtime.imageStatus(name);
    } catch (error) {
      const message = `Failed to inspect image "${name}": ${text(error)}`;
      events.warning('InspectFailed', message);
      throw new StartError('ImageInspectError', message, { cause: error });
    }
  }

  async #pull(pod: Pod, name: string, sandbox: PodSandboxConfig, events: ContainerEvents): Promise<Image> {
    const key = `${pod.metadata?.uid}_${name}`;
    this.#refuseInBackoff(key, name, events);
    events.normal('Pulling', `Pulling image "${name}"`);
    const began = this.#clock.now();
    try {
      const ref = await this.#pullWithCredentials(pod, name, sandbox);
      const image = (await this.#runtime.imageStatus(ref)) ?? (await this.#runtime.imageStatus(name));
      if (!image) throw new Error(`image ${name} was pulled and is not there`);
      const took = duration(this.#clock.now() - began);
      const size = `Image size: ${image.sizeBytes} bytes.`;
      events.normal('Pulled', `Successfully pulled image "${name}" in ${took} (${took} including waiting). ${size}`);
      this.#failures.delete(key);
      this.#backoffs.forget(key);
      return image;
    } catch (error) {
      throw this.#failed(key, name, error, events);
    }
  }

  #refuseInBackoff(key: string, name: string, events: ContainerEvents): void {
    const failure = this.#failures.get(key);
    const retryAtMs = failure && this.#backoffs.retryAt(key, failure.atMs, this.#clock.now());
    if (retryAtMs === undefined) return;
    const message = `Back-off pulling image "${name}"`;
    events.normal('BackOff', message);
    throw new StartError('ImagePullBackOff', `${message}: ${failure!.message}`, { retryAtMs });
  }

  #failed(key: string, name: string, cause: unknown, events: ContainerEvents): StartError {
    const now = this.#clock.now();
    const message = text(cause);
    events.warning('Failed', `Failed to pull image "${name}": ${message}`);
    this.#backoffs.next(key, now, now);
    this.#failures.set(key, { message: `ErrImagePull: ${message}`, atMs: now });
    return new StartError('ErrImagePull', message, { cause, retryAtMs: now + SHOW_FAILURE_MS });
  }

  async #pullWithCredentials(pod: Pod, name: string, sandbox: PodSandboxConfig): Promise<string> {
    const candidates: (AuthConfig | undefined)[] = credentialsFor(name, await this.#pullSecrets(pod));
    if (candidates.length === 0) candidates.push(undefined);
    let last: unknown;
    for (const auth of candidates) {
      try {
        return await this.#runtime.pullImage(name, auth, sandbox);
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  /** One that is missing is left out: the image may be public. */
  async #pullSecrets(pod: Pod): Promise<Stored<Secret>[]> {
    const names = (pod.spec?.imagePullSecrets ?? []).map(({ name = '' }) => name);
    const found = await Promise.all(names.map((name) => this.#content.secret(pod.metadata?.namespace ?? '', name)));
    return found.filter((secret) => secret !== undefined);
  }
}

/** How long ErrImagePull is shown before ImagePullBackOff. */
const SHOW_FAILURE_MS = 5000;

function refuseInvalidName(name: string, events: ContainerEvents): void {
  const invalid = invalidImageName(name);
  if (!invalid) return;
  const message = `Failed to apply default image tag "${name}": couldn't parse image name "${name}": ${invalid}`;
  events.warning('InspectFailed', message);
  throw new StartError('InvalidImageName', message);
}

function neverPulled(name: string, events: ContainerEvents): StartError {
  const message = `Container image "${name}" is not present with pull policy of Never`;
  events.warning('ErrImageNeverPull', message);
  return new StartError('ErrImageNeverPull', message);
}

const text = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** As Go prints a duration in whole milliseconds. */
export function duration(ms: number): string {
  return ms < 1000 ? `${ms}ms` : `${Math.floor(ms) / 1000}s`;
}
