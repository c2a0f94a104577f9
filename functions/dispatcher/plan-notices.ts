import { ALWAYS_FOLLOWED } from '../../lib/api/annotations.ts';
import type { Notice } from '../../lib/client/notices.ts';
import type { ClusterView } from './cluster-view.ts';
import type { LogChange } from './log-reader.ts';

/** What each node is to be told of these changes, in one notice. Brings the view to where they end. */
export function planNotices(changes: readonly LogChange[], view: ClusterView): Map<string, Notice> {
  const told = new Map<string, Map<string, number>>();
  const tell = (node: string, { storage, revision }: LogChange) => {
    const resources = told.get(node) ?? new Map<string, number>();
    told.set(node, resources.set(storage, revision));
  };
  for (const change of changes) for (const node of concerned(change, view)) tell(node, change);
  return new Map([...told].map(([node, resources]) => [node, noticeOf(resources)]));
}

function noticeOf(resources: ReadonlyMap<string, number>): Notice {
  return { revision: Math.max(...resources.values()), resources: [...resources.keys()] };
}

function concerned(change: LogChange, view: ClusterView): Set<string> {
  const { storage, namespace, name } = change;
  const nodes = new Set<string>(view.users(storage, namespace, name));
  if (storage === 'pods') for (const node of podMoved(change, view)) nodes.add(node);
  if (storage === 'nodes') {
    view.setNode(name, change.object());
    nodes.add(name);
  }
  const plural = storage.split('.', 1)[0]!;
  for (const [node, { follows }] of view.nodes()) {
    if (ALWAYS_FOLLOWED.includes(storage) || follows.has(storage) || follows.has(plural)) nodes.add(node);
  }
  return nodes;
}

/** Where it is, and where it was. */
function podMoved(change: LogChange, view: ClusterView): string[] {
  const pod = change.object();
  view.setPod(`${change.namespace}/${change.name}`, pod);
  return [pod, change.previous()].flatMap((one) => one?.spec?.nodeName ?? []);
}
