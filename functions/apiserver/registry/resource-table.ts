import type { KubeObject } from '../../../lib/api/object.ts';
import type { ResourceInfo } from '../../../lib/api/resources.ts';
import { apiVersion, builtinResources, storageType } from '../../../lib/api/resources.ts';
import type { Decoded, Schema, SchemaOptions } from '../../../lib/api/schema.ts';
import type { CustomResourceSubresourceScale, JSONSchemaProps } from '../../../lib/api/types.ts';
import type { KindRules } from '../contract.ts';
import type { PrinterColumn } from '../printers/custom.ts';
import { type Conversion, conversions } from './conversions/index.ts';

/** A row of the table with what serving it needs, made once. */
export interface ResourceType extends ResourceInfo {
  readonly apiVersion: string;
  readonly rules: KindRules;
  /** The TYPE of storage keys. */
  readonly storage: string;
  /** Between what is stored and what this version shows; absent where they are the same. */
  readonly conversion?: Conversion;
  /** How every stored object of this type begins; a list's items are shown without it. */
  readonly head: Uint8Array;
  readonly listKind: string;
  /** Of a type made by a CustomResourceDefinition. */
  readonly custom?: CustomType;
}

/** What a custom type brings with it, where a built-in one is known to the code. */
export interface CustomType {
  /** The name of its definition. */
  readonly definition: string;
  readonly listKind: string;
  readonly schema: JSONSchemaProps;
  /** The schema as field ownership counts by it. */
  readonly ownership: Schema;
  /** What its users are told, when this version is deprecated. */
  readonly deprecation: string | undefined;
  readonly printerColumns: readonly PrinterColumn[];
  readonly scale?: CustomResourceSubresourceScale | undefined;
  decode(object: KubeObject, options: SchemaOptions): Decoded;
}

/** A row's own ways, where they are not the table's. */
export interface RowOptions {
  rules?: KindRules;
  custom?: CustomType;
  conversion?: Conversion | undefined;
}

/** What is served now. Rows may come and go: a CustomResourceDefinition adds its own. */
export class ResourceTable {
  private readonly rows = new Map<string, ResourceType>();
  private readonly builtinGroups: ReadonlySet<string>;
  private readonly rules: ReadonlyMap<string, KindRules>;
  /** Moves with every change: what discovery documents are kept against. */
  generation = 0;

  constructor(rules: ReadonlyMap<string, KindRules>, infos: readonly ResourceInfo[] = builtinResources) {
    this.rules = rules;
    for (const info of infos) this.add(info);
    this.builtinGroups = new Set(infos.map(({ group }) => group));
  }

  isBuiltin(group: string): boolean {
    return this.builtinGroups.has(group);
  }

  lookup(group: string, version: string, resource: string): ResourceType | undefined {
    return this.rows.get(`${group}/${version}/${resource}`);
  }

  /** In discovery order. */
  all(): Iterable<ResourceType> {
    return this.rows.values();
  }

  add(info: ResourceInfo, options: RowOptions = {}): void {
    const row = { rules: this.rulesOf(info), conversion: conversionOf(info), ...options };
    this.rows.set(`${info.group}/${info.version}/${info.resource}`, toType(info, row));
    this.generation++;
  }

  remove(group: string, version: string, resource: string): void {
    if (this.rows.delete(`${group}/${version}/${resource}`)) this.generation++;
  }

  private rulesOf(info: ResourceInfo): KindRules {
    return this.rules.get(`${info.group}/${info.resource}`) ?? {};
  }
}

function conversionOf({ group, version, resource }: ResourceInfo): Conversion | undefined {
  return conversions.get(`${group}/${version}/${resource}`);
}

function toType(info: ResourceInfo, { rules = {}, custom, conversion }: RowOptions): ResourceType {
  const stored = conversion?.stored ?? { apiVersion: apiVersion(info), kind: info.kind };
  return {
    ...info,
    apiVersion: apiVersion(info),
    rules,
    storage: storageType(info),
    ...(conversion ? { conversion } : {}),
    head: Buffer.from(`{"kind":${JSON.stringify(stored.kind)},"apiVersion":${JSON.stringify(stored.apiVersion)},`),
    listKind: custom?.listKind ?? `${info.kind}List`,
    ...(custom ? { custom } : {}),
  };
}

/** The kind that faults are reported of: the one that is checked, which is the one that is stored. */
export function checkedKind({ group, kind, conversion }: ResourceType): { group: string; kind: string } {
  if (!conversion) return { group, kind };
  const slash = conversion.stored.apiVersion.indexOf('/');
  return { group: slash < 0 ? '' : conversion.stored.apiVersion.slice(0, slash), kind: conversion.stored.kind };
}

/** `pods/`, `pods/default/` */
export function keyPrefix(type: ResourceType, namespace: string): string {
  return type.namespaced && namespace ? `${type.storage}/${namespace}/` : `${type.storage}/`;
}

export function keyOf(type: ResourceType, namespace: string, name: string): string {
  return type.namespaced ? `${type.storage}/${namespace}/${name}` : `${type.storage}/${name}`;
}
