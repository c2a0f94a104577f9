import { createHash } from 'node:crypto';
import { customSchemas } from '../custom/openapi.ts';
import type { ResourceTable } from '../registry/resource-table.ts';
import type { OpenapiDocument } from './openapi.ts';
import { operations } from './paths.ts';

const cache = new WeakMap<ResourceTable, { generation: number; json?: OpenapiDocument; protobuf?: OpenapiDocument }>();

export async function documentV2(table: ResourceTable, protobuf: boolean): Promise<OpenapiDocument> {
  let known = cache.get(table);
  if (known?.generation !== table.generation) {
    known = { generation: table.generation };
    cache.set(table, known);
  }
  known.json ??= document(Buffer.from(JSON.stringify(await specV2(table))));
  if (!protobuf) return known.json;
  const { encodeOpenapiV2 } = await import('./v2-protobuf.ts');
  known.protobuf ??= document(encodeOpenapiV2(await specV2(table)));
  return known.protobuf;
}

function document(bytes: Uint8Array): OpenapiDocument {
  return { bytes, etag: createHash('sha512').update(bytes).digest('hex').toUpperCase() };
}

/** The whole API in one Swagger document. */
async function specV2(table: ResourceTable): Promise<any> {
  const { default: definitions } = await import('../../../lib/api/data/schemas.json', { with: { type: 'json' } });
  const paths: Record<string, any> = {};
  for (const type of table.all()) Object.assign(paths, operations(type, 'v2'));
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: 'v1.37.2' },
    paths,
    definitions: { ...definitions, ...customSchemas(table.all(), 'v2') },
  };
}
