import type { Pod } from '../../lib/api/types.ts';

/** What only the agent knows of a pod that is about to start. */
export interface PodFacts {
  podIPs: readonly string[];
  hostIPs: readonly string[];
  nodeName: string;
}

const SUBSCRIPT = /^metadata\.(labels|annotations)\['(.+)'\]$/;

/** The text of a fieldRef, in environments and downwardAPI volumes; undefined: no such field. Source: pkg/fieldpath and podFieldSelectorRuntimeValue. */
export function fieldValue(pod: Pod, path: string, facts: PodFacts): string | undefined {
  const { metadata, spec } = pod;
  const subscript = SUBSCRIPT.exec(path);
  if (subscript) return metadata?.[subscript[1] as 'labels' | 'annotations']?.[subscript[2]!] ?? '';
  switch (path) {
    case 'metadata.name':
      return metadata?.name ?? '';
    case 'metadata.namespace':
      return metadata?.namespace ?? '';
    case 'metadata.uid':
      return metadata?.uid ?? '';
    case 'metadata.labels':
      return mapText(metadata?.labels);
    case 'metadata.annotations':
      return mapText(metadata?.annotations);
    case 'spec.nodeName':
      return spec?.nodeName ?? facts.nodeName;
    case 'spec.serviceAccountName':
      return spec?.serviceAccountName ?? '';
    case 'status.hostIP':
      return facts.hostIPs[0] ?? '';
    case 'status.hostIPs':
      return facts.hostIPs.join(',');
    case 'status.podIP':
      return facts.podIPs[0] ?? '';
    case 'status.podIPs':
      return facts.podIPs.join(',');
    default:
      return undefined;
  }
}

/** Source: pkg/fieldpath FormatMap: sorted lines of key="value", quoted as Go quotes. */
function mapText(map: Record<string, string> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}
