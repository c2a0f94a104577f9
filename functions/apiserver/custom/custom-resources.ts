import type { KubeObject } from '../../../lib/api/object.ts';
import { apiVersion } from '../../../lib/api/resources.ts';
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../../../lib/api/types.ts';
import { viewOf } from '../../../lib/storage/view.ts';
import type { Server } from '../dependencies.ts';
import type { Conversion } from '../registry/conversions/index.ts';
import type { ResourceTable } from '../registry/resource-table.ts';
import { decodeStored } from '../registry/stored.ts';
import { rulesOf } from './rules.ts';
import { applyDefaults, hasDefaults, prune } from './structural.ts';
import { customTypeOf, infoOf, schemaOf } from './type.ts';

const PREFIX = 'customresourcedefinitions.apiextensions.k8s.io/';

/** What the table's custom rows were made of. */
const seen = new WeakMap<ResourceTable, string>();

/** Brings the table's rows up to the definitions that are stored now. Cheap while nothing has changed. */
export async function refreshCustomResources({ store, resources }: Server): Promise<void> {
  const { items } = await viewOf(store).list(PREFIX);
  const state = items.map(({ key, revision }) => `${key}@${revision}`).join(' ');
  if (state === (seen.get(resources) ?? '')) return;
  seen.set(resources, state);
  for (const type of [...resources.all()]) {
    if (type.custom) resources.remove(type.group, type.version, type.resource);
  }
  for (const { value } of items) addRows(resources, decodeStored(value) as CustomResourceDefinition);
}

function addRows(resources: ResourceTable, definition: CustomResourceDefinition): void {
  const versions = definition.spec.versions.filter(({ served }) => served).sort(byPriority);
  for (const version of versions) {
    resources.add(infoOf(definition, version), {
      rules: rulesOf(version),
      custom: customTypeOf(definition, version),
      conversion: conversionOf(definition, version),
    });
  }
}

/**
 * Objects are stored in one version; strategy None changes nothing but the apiVersion. A schema with defaults fills them in
 * on reading too, for objects older than the default.
 */
function conversionOf(
  { spec, status }: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
): Conversion | undefined {
  const storage = spec.versions.find((candidate) => candidate.storage) ?? version;
  const schema = schemaOf(version);
  const isUniform = (status?.storedVersions?.length ?? 1) <= 1;
  if (storage.name === version.name && isUniform && !hasDefaults(schema)) return undefined;
  const stored = { apiVersion: apiVersion({ group: spec.group, version: storage.name }), kind: spec.names.kind };
  const shown = apiVersion({ group: spec.group, version: version.name });
  return {
    stored,
    toStored: (object) => ({ ...object, ...stored }),
    fromStored(object) {
      const copy: KubeObject = { ...structuredClone(object), apiVersion: shown };
      if (!spec.preserveUnknownFields) prune(copy, schema);
      applyDefaults(copy, schema);
      return copy;
    },
  };
}

type Priority = readonly [kind: number, major: number, minor: number];

/** GA before beta before alpha, newer first, other names last. Source: apimachinery pkg/version CompareKubeAwareVersionStrings. */
function byPriority(a: CustomResourceDefinitionVersion, b: CustomResourceDefinitionVersion): number {
  const [x, y] = [priority(a.name), priority(b.name)];
  return y[0] - x[0] || y[1] - x[1] || y[2] - x[2] || (a.name < b.name ? -1 : 1);
}

const STABILITY = { alpha: 1, beta: 2 } as const;

function priority(name: string): Priority {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(name);
  if (!match) return [0, 0, 0];
  const stability = match[2] ? STABILITY[match[2] as keyof typeof STABILITY] : 3;
  return [stability, Number(match[1]), Number(match[3] ?? 0)];
}
