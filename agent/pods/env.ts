import { join } from 'node:path';
import type { Container, EnvFromSource, EnvVar, FileKeySelector, Pod } from '../../lib/api/types.ts';
import { readEnvFile } from '../volumes/env-file.ts';
import type { VolumePaths } from '../volumes/ready-volume.ts';
import type { ContentSource } from '../volumes/sources.ts';
import { expand } from './expansion.ts';
import { fieldValue, type PodFacts } from './field-ref.ts';
import { type Allocatable, resourceValue } from './resource-ref.ts';
import { configError } from './start-error.ts';

export interface EnvFacts extends PodFacts {
  allocatable: Allocatable;
  services: ReadonlyMap<string, string>;
  volumes: VolumePaths;
}

/** A container's environment. Throws CreateContainerConfigError for what it refers to in vain. Source: makeEnvironmentVariables. */
export async function containerEnv(
  pod: Pod,
  container: Container,
  content: Pick<ContentSource, 'configMap' | 'secret'>,
  facts: EnvFacts,
): Promise<Map<string, string>> {
  const objects = new Objects(content, pod.metadata?.namespace ?? '');
  const own = new Map<string, string>();
  for (const source of container.envFrom ?? []) await addAll(own, source, objects);
  for (const variable of container.env ?? []) {
    const known = (name: string) => own.get(name) ?? facts.services.get(name);
    const value = await variableValue(variable, pod, container, known, objects, facts);
    if (value !== undefined) own.set(variable.name, value);
  }
  for (const [name, value] of facts.services) if (!own.has(name)) own.set(name, value);
  return own;
}

async function addAll(
  env: Map<string, string>,
  { configMapRef, secretRef, prefix = '' }: EnvFromSource,
  objects: Objects,
) {
  const ref = configMapRef ?? secretRef;
  if (!ref) return;
  const data = await objects.read(configMapRef ? 'configmap' : 'secret', ref.name ?? '', ref.optional ?? false);
  for (const [key, value] of data ?? []) env.set(prefix + key, value);
}

async function variableValue(
  { value, valueFrom }: EnvVar,
  pod: Pod,
  container: Container,
  known: (name: string) => string | undefined,
  objects: Objects,
  facts: EnvFacts,
): Promise<string | undefined> {
  if (value) return expand(value, { get: known } as ReadonlyMap<string, string>);
  if (!valueFrom) return '';
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = valueFrom;
  if (fieldRef)
    return required(fieldValue(pod, fieldRef.fieldPath, facts), `unsupported fieldPath: ${fieldRef.fieldPath}`);
  if (resourceFieldRef) {
    const message = `unsupported container resource : ${resourceFieldRef.resource}`;
    return required(resourceValue(pod, resourceFieldRef, container, facts.allocatable), message);
  }
  if (configMapKeyRef) return objects.key('configmap', configMapKeyRef);
  if (secretKeyRef) return objects.key('secret', secretKeyRef);
  if (fileKeyRef) return fileValue(fileKeyRef, facts.volumes);
  throw configError('unsupported source of an environment variable');
}

function required(value: string | undefined, message: string): string {
  if (value === undefined) throw configError(message);
  return value;
}

async function fileValue(
  { volumeName, path, key, optional }: FileKeySelector,
  volumes: VolumePaths,
): Promise<string | undefined> {
  const volume = volumes.get(volumeName)?.path;
  if (!volume) throw configError(`cannot find the volume "${volumeName}" referenced by FileKeyRef`);
  const value = await readEnvFile(volume, path, key).catch(() => {
    throw configError("couldn't parse env file");
  });
  if (value !== undefined || optional) return value;
  throw configError(`environment variable key "${key}" not found in file "${join(volume, path)}"`);
}

type Kind = 'configmap' | 'secret';
const KIND_WORD: Record<Kind, string> = { configmap: 'ConfigMap', secret: 'Secret' };

/** Each object is read once for a container. */
class Objects {
  readonly #content: Pick<ContentSource, 'configMap' | 'secret'>;
  readonly #namespace: string;
  readonly #read = new Map<string, Promise<Map<string, string> | undefined>>();

  constructor(content: Pick<ContentSource, 'configMap' | 'secret'>, namespace: string) {
    this.#content = content;
    this.#namespace = namespace;
  }

  async read(kind: Kind, name: string, optional: boolean): Promise<Map<string, string> | undefined> {
    const key = `${kind}/${name}`;
    const reading = this.#read.get(key) ?? this.#load(kind, name);
    this.#read.set(key, reading);
    const data = await reading;
    if (!data && !optional) throw configError(`${kind} "${name}" not found`);
    return data;
  }

  async key(
    kind: Kind,
    ref: { name?: string | undefined; key: string; optional?: boolean | undefined },
  ): Promise<string | undefined> {
    const { name = '', key, optional = false } = ref;
    const value = (await this.read(kind, name, optional))?.get(key);
    if (value !== undefined || optional) return value;
    throw configError(`couldn't find key ${key} in ${KIND_WORD[kind]} ${this.#namespace}/${name}`);
  }

  async #load(kind: Kind, name: string): Promise<Map<string, string> | undefined> {
    if (kind === 'configmap') {
      const object = await this.#content.configMap(this.#namespace, name);
      return object && new Map(Object.entries(object.data ?? {}));
    }
    const object = await this.#content.secret(this.#namespace, name);
    const decoded = Object.entries(object?.data ?? {}).map(
      ([key, text]) => [key, Buffer.from(text, 'base64').toString('utf8')] as const,
    );
    return object && new Map(decoded);
  }
}
