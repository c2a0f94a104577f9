import { invalidValue } from '../../../../lib/api/causes.ts';
import { qualifiedName } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { Namespace } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat } from '../check.ts';
import { checkStandardFinalizers } from '../metadata.ts';

const NAME_LABEL = 'kubernetes.io/metadata.name';

/** A generated name is labelled when it is known. Source: SetDefaults_Namespace. */
function labelName(namespace: Namespace): void {
  const { metadata } = namespace;
  if (!metadata?.name) return;
  metadata.labels = { ...metadata.labels, [NAME_LABEL]: metadata.name };
}

function checkFinalizers(
  causes: Cause[],
  { spec }: Namespace,
  path: (index: number) => string = () => 'spec.finalizers',
): void {
  spec?.finalizers?.forEach((finalizer, i) => {
    checkFormat(causes, path(i), finalizer, qualifiedName);
  });
  checkStandardFinalizers(causes, spec?.finalizers, path);
}

/** Source: k8s.io/kubernetes/pkg/registry/core/namespace strategies. */
export const namespace: KindRules = {
  defaults: labelName,
  /** Every namespace starts Active, with the finalizer whose removal says that it is empty. */
  prepareForCreate(object: Namespace) {
    labelName(object);
    object.status = { phase: 'Active' };
    const finalizers = object.spec?.finalizers ?? [];
    object.spec = { finalizers: finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'] };
  },
  prepareForUpdate(object: Namespace, old: Namespace) {
    object.spec = { ...object.spec, finalizers: old.spec?.finalizers };
    object.status = old.status;
  },
  validate(object: Namespace) {
    const causes: Cause[] = [];
    checkFinalizers(causes, object);
    return causes;
  },
  validateUpdate: () => [],
  prepareForStatusUpdate(object: Namespace, old: Namespace) {
    object.spec = old.spec;
  },
  validateStatusUpdate({ metadata, status }: Namespace) {
    const expected = metadata?.deletionTimestamp ? 'Terminating' : 'Active';
    if (status?.phase === expected) return [];
    const when = metadata?.deletionTimestamp ? 'is not empty' : 'is empty';
    const why = `may only be '${expected}' if \`deletionTimestamp\` ${when}`;
    return [invalidValue('status.Phase', status?.phase ?? '', why)];
  },
  subresources: {
    finalize: {
      prepareForUpdate(object: Namespace, old: Namespace) {
        object.status = old.status;
      },
      validateUpdate(object: Namespace) {
        const causes: Cause[] = [];
        checkFinalizers(causes, object, (i) => `spec.finalizers[${i}]`);
        return causes;
      },
    },
  },
  selectableFields: { 'status.phase': ({ status }: Namespace) => status?.phase ?? '' },
  nameFormat: 'label',
};
