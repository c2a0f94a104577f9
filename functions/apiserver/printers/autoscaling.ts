import { ageOf, name, type Rows, UNKNOWN, UNSET } from './row.ts';

const METRICS_SHOWN = 2;

export const autoscalingRows: Rows = {
  'autoscaling/horizontalpodautoscalers': (o) => [
    name(o),
    `${o.spec?.scaleTargetRef?.kind}/${o.spec?.scaleTargetRef?.name}`,
    targets(o),
    o.spec?.minReplicas === undefined ? UNSET : String(o.spec.minReplicas),
    o.spec?.maxReplicas ?? 0,
    o.status?.currentReplicas ?? 0,
    ageOf(o),
  ],
};

function targets(autoscaler: any): string {
  const texts = metricsOf(autoscaler).map(([spec, status]) => metricText(spec, status));
  if (texts.length === 0) return '<none>';
  const shown = texts.slice(0, METRICS_SHOWN).join(', ');
  return texts.length > METRICS_SHOWN ? `${shown} + ${texts.length - METRICS_SHOWN} more...` : shown;
}

/** autoscaling/v1 has one target, a share of the CPU. */
function metricsOf({ spec = {}, status = {} }: any): [any, any][] {
  if (spec.targetCPUUtilizationPercentage !== undefined) {
    const current = { averageUtilization: status.currentCPUUtilizationPercentage };
    const target = { averageUtilization: spec.targetCPUUtilizationPercentage };
    return [[{ type: 'Resource', resource: { name: 'cpu', target } }, { resource: { current } }]];
  }
  return (spec.metrics ?? []).map((metric: any, i: number) => [metric, status.currentMetrics?.[i]]);
}

function metricText(spec: any, status: any): string {
  switch (spec.type) {
    case 'External':
      return valueText(spec.external.target, status?.external?.current);
    case 'Object':
      return valueText(spec.object.target, status?.object?.current);
    case 'Pods':
      return `${status?.pods?.current?.averageValue ?? UNKNOWN}/${spec.pods.target.averageValue}`;
    case 'Resource':
      return resourceText(spec.resource, status?.resource?.current);
    case 'ContainerResource':
      return resourceText(spec.containerResource, status?.containerResource?.current);
  }
  return '<unknown type>';
}

function valueText(target: any, current: any): string {
  if (target.averageValue !== undefined) return `${current?.averageValue ?? UNKNOWN}/${target.averageValue} (avg)`;
  return `${current?.value ?? UNKNOWN}/${target.value}`;
}

function resourceText({ name: resource, target }: any, current: any): string {
  if (target.averageValue !== undefined)
    return `${resource}: ${current?.averageValue ?? UNKNOWN}/${target.averageValue}`;
  return `${resource}: ${percent(current?.averageUtilization, UNKNOWN)}/${percent(target.averageUtilization, '<auto>')}`;
}

function percent(value: number | undefined, absent: string): string {
  return value === undefined ? absent : `${value}%`;
}
