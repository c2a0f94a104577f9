import type { ConfigMap, KeyToPath, Secret } from '../../lib/api/types.ts';
import { DEFAULT_MODE, type Payload, VolumeError } from './payload.ts';

interface Selection {
  items?: KeyToPath[] | undefined;
  optional?: boolean | undefined;
}

/** A config map's keys as files. Source: pkg/volume/configmap MakePayload. */
export function configMapPayload(object: ConfigMap | undefined, selection: Selection, mode = DEFAULT_MODE): Payload {
  const data = new Map<string, Uint8Array>();
  for (const [key, text] of Object.entries(object?.data ?? {})) data.set(key, Buffer.from(text, 'utf8'));
  for (const [key, text] of Object.entries(object?.binaryData ?? {})) data.set(key, Buffer.from(text, 'base64'));
  return select(data, selection, mode, 'configmap references non-existent config key');
}

export function secretPayload(object: Secret | undefined, selection: Selection, mode = DEFAULT_MODE): Payload {
  const data = new Map<string, Uint8Array>();
  for (const [key, text] of Object.entries(object?.data ?? {})) data.set(key, Buffer.from(text, 'base64'));
  return select(data, selection, mode, 'references non-existent secret key');
}

function select(data: Map<string, Uint8Array>, { items, optional }: Selection, mode: number, missing: string): Payload {
  const payload: Payload = new Map();
  if (!items?.length) {
    for (const [key, bytes] of data) payload.set(key, { data: bytes, mode });
    return payload;
  }
  for (const item of items) {
    const bytes = data.get(item.key);
    if (bytes) payload.set(item.path, { data: bytes, mode: item.mode ?? mode });
    else if (!optional) throw new VolumeError(`${missing}: ${item.key}`);
  }
  return payload;
}
