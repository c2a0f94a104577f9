import { type AgingCell, type Row, since } from './row.ts';

/** An event as the core group shows it; events.k8s.io names some fields otherwise. */
export const eventRow: Row = (event) => {
  const about = event.involvedObject ?? event.regarding ?? {};
  const first = event.firstTimestamp ?? event.deprecatedFirstTimestamp;
  const firstSeen = since(first ?? event.eventTime);
  return [
    lastSeen(event, firstSeen),
    event.type ?? '',
    event.reason ?? '',
    about.name ? `${(about.kind ?? '').toLowerCase()}/${about.name}` : (about.kind ?? '').toLowerCase(),
    about.fieldPath ?? '',
    sourceOf(event),
    (event.message ?? event.note ?? '').trim(),
    firstSeen,
    event.series?.count ?? (event.count || event.deprecatedCount || 1),
    event.metadata.name,
  ];
};

function lastSeen(event: any, firstSeen: AgingCell): AgingCell {
  if (event.series) return since(event.series.lastObservedTime);
  const last = event.lastTimestamp ?? event.deprecatedLastTimestamp;
  return last ? since(last) : firstSeen;
}

function sourceOf(event: any): string {
  const source = event.source ?? event.deprecatedSource ?? {};
  const component = source.component || event.reportingComponent || event.reportingController || '';
  const instance = source.host || event.reportingInstance || '';
  return instance ? `${component}, ${instance}` : component;
}
