import { forbiddenField } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { Pod } from '../../../../lib/api/types.ts';
import { checkNotNegative } from '../check.ts';
import { checkPodAnnotations } from '../pod-spec/annotations.ts';
import { checkImageWhitespace } from '../pod-spec/containers.ts';
import { containersOf } from '../pod-spec/containers-of.ts';
import { checkPodSpec } from '../pod-spec/validate.ts';

/** Source: validatePodMetadataAndSpec. */
export function checkPod(causes: Cause[], pod: Pod): void {
  const spec = pod.spec ?? { containers: [] };
  checkPodAnnotations(causes, pod.metadata?.annotations, spec, 'metadata.annotations');
  checkPodSpec(causes, spec, pod.metadata ?? {}, 'spec');
  if (!spec.serviceAccountName) checkNoTokens(causes, spec);
  checkNotNegative(causes, 'spec.terminationGracePeriodSeconds', spec.terminationGracePeriodSeconds);
  for (const list of ['containers', 'initContainers'] as const) {
    spec[list]?.forEach((container, i) => {
      checkImageWhitespace(causes, container, `spec.${list}[${i}]`);
    });
  }
}

function checkNoTokens(causes: Cause[], spec: NonNullable<Pod['spec']>): void {
  spec.volumes?.forEach(({ projected }, i) => {
    projected?.sources?.forEach(({ serviceAccountToken }, j) => {
      if (!serviceAccountToken) return;
      const field = `spec.volumes[${i}].projected.sources[${j}].serviceAccountToken`;
      causes.push(forbiddenField(field, 'must not be specified when serviceAccountName is not set'));
    });
  });
}

/** Fields of features that 1.37 has off. Source: DropDisabledPodFields in k8s.io/kubernetes/pkg/api/pod. */
export function dropDisabledFields(spec: NonNullable<Pod['spec']>): void {
  delete spec.evictionResponders;
  delete spec.schedulingGroup;
  for (const container of containersOf(spec)) if (container.lifecycle) delete container.lifecycle.stopSignal;
}
