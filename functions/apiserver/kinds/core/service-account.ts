import type { ServiceAccount } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';

const ENFORCE = 'kubernetes.io/enforce-mountable-secrets';

/** Of a reference to a secret only the name counts. Source: cleanSecretReferences in k8s.io/kubernetes/pkg/registry/core/serviceaccount. */
function keepSecretNames(account: ServiceAccount): void {
  account.secrets &&= account.secrets.map(({ name }) => (name ? { name } : {}));
}

const isEnforcing = ({ metadata }: ServiceAccount) => ENFORCE in (metadata?.annotations ?? {});

export const serviceAccount: KindRules = {
  prepareForCreate: keepSecretNames,
  prepareForUpdate: keepSecretNames,
  warnings(object: ServiceAccount, old?: ServiceAccount) {
    if (!isEnforcing(object) || (old && isEnforcing(old))) return [];
    const why = 'deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets';
    return [`metadata.annotations[${ENFORCE}]: ${why}`];
  },
};
