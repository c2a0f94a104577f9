import type { Affinity, PodAffinity, TopologySpreadConstraint } from '../../../../lib/api/types.ts';
import { warnOfKey, warnOfTerm } from './node-labels.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';
const MATCHES_NOTHING = 'a null labelSelector results in matching no pod';

export function warnOfAffinity(warnings: string[], affinity: Affinity, path: string): void {
  const { nodeAffinity } = affinity;
  nodeAffinity?.[REQUIRED]?.nodeSelectorTerms?.forEach((term, i) => {
    warnOfTerm(warnings, term, false, `${path}.nodeAffinity.${REQUIRED}.nodeSelectorTerms[${i}]`);
  });
  nodeAffinity?.[PREFERRED]?.forEach(({ preference }, i) => {
    warnOfTerm(warnings, preference ?? {}, true, `${path}.nodeAffinity.${PREFERRED}[${i}].preference`);
  });
  warnOfPodTerms(warnings, affinity.podAffinity, `${path}.podAffinity`);
  warnOfPodTerms(warnings, affinity.podAntiAffinity, `${path}.podAntiAffinity`);
}

function warnOfPodTerms(warnings: string[], affinity: PodAffinity | undefined, path: string): void {
  affinity?.[REQUIRED]?.forEach(({ labelSelector }, i) => {
    if (!labelSelector) warnings.push(`${path}.${REQUIRED}[${i}].labelSelector: ${MATCHES_NOTHING}`);
  });
  affinity?.[PREFERRED]?.forEach(({ podAffinityTerm }, i) => {
    if (podAffinityTerm?.labelSelector) return;
    warnings.push(`${path}.${PREFERRED}[${i}].podAffinityTerm.labelSelector: ${MATCHES_NOTHING}`);
  });
}

export function warnOfTopologySpread(warnings: string[], given: TopologySpreadConstraint[], path: string): void {
  given.forEach(({ topologyKey, labelSelector }, i) => {
    warnOfKey(warnings, topologyKey, `${path}[${i}].topologyKey`);
    if (!labelSelector) warnings.push(`${path}[${i}].labelSelector: ${MATCHES_NOTHING}`);
  });
}
