import { forbiddenField, invalidValue, required, tooLong } from '../../../../lib/api/causes.ts';
import { dns1123Subdomain } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { VolumeAttachment, VolumeAttachmentSource, VolumeError } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkDeclaredImmutable, checkFormat } from '../check.ts';
import { onlyStatus, statusKept } from '../status.ts';
import { checkCsiDriverName } from './csi-driver-name.ts';

const MESSAGE_MAX = 1024;

/** Source: ValidateVolumeAttachment in k8s.io/kubernetes/pkg/apis/storage/validation. */
function validate({ spec, status }: VolumeAttachment): Cause[] {
  const causes: Cause[] = [];
  const { attacher = '', source = {}, nodeName = '' } = spec ?? {};
  checkCsiDriverName(causes, attacher, 'spec.attacher', caseless);
  checkSource(causes, source);
  checkFormat(causes, 'spec.nodeName', nodeName, dns1123Subdomain);
  checkError(causes, status?.attachError, 'status.attachError');
  checkError(causes, status?.detachError, 'status.detachError');
  const volume = source.persistentVolumeName;
  if (volume !== undefined) checkFormat(causes, 'spec.source.persistentVolumeName', volume, dns1123Subdomain);
  return causes;
}

/** This field is checked by declaration upstream, which has its own words for names of either case. */
function caseless(fault: string): string {
  return fault
    .replace('a lowercase RFC', 'an RFC')
    .replace('lower case alphanumeric', 'alphanumeric')
    .replace("'example.com'", "'Example.com'");
}

function checkSource(causes: Cause[], { inlineVolumeSpec, persistentVolumeName }: VolumeAttachmentSource): void {
  const why = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (!inlineVolumeSpec && persistentVolumeName === undefined) causes.push(required('spec.source', why));
  else if (inlineVolumeSpec && persistentVolumeName !== undefined) causes.push(forbiddenField('spec.source', why));
  else if (persistentVolumeName === '') {
    causes.push(required('spec.source.persistentVolumeName', 'must specify non empty persistentVolumeName'));
  }
}

function checkError(causes: Cause[], error: VolumeError | undefined, path: string): void {
  if ((error?.message?.length ?? 0) > MESSAGE_MAX) causes.push(tooLong(`${path}.message`, MESSAGE_MAX));
  const code = error?.errorCode;
  if (code !== undefined && code < 0) {
    causes.push(invalidValue(`${path}.errorCode`, code, 'must be between 0 and 2147483647, inclusive'));
  }
}

export const volumeAttachment: KindRules = {
  ...statusKept(() => ({ attached: false })),
  prepareForStatusUpdate: onlyStatus,
  validate,
  validateUpdate(object: VolumeAttachment, old: VolumeAttachment) {
    const causes = validate(object);
    checkDeclaredImmutable(causes, 'spec', object.spec, old.spec);
    return causes;
  },
  validateStatusUpdate: validate,
  unconditionalUpdate: false,
};
