import { forbidden, type StatusError } from '../../../lib/api/status.ts';
import type { AdmissionAttributes } from '../contract.ts';

/** Whether a request is for `resource.group`, or for its subresource. */
export function isFor({ info }: AdmissionAttributes, group: string, resource: string, subresource = ''): boolean {
  return info.resource === resource && info.group === group && info.subresource === subresource;
}

/** A refusal in admission's words. Source: k8s.io/apiserver/pkg/admission/errors.go */
export function refusal(attributes: AdmissionAttributes, why: string): StatusError {
  const { group, resource } = attributes.info;
  return forbidden({ group, resource }, nameOf(attributes), why);
}

/** Before its creation an object may have nothing but a prefix of a name. */
function nameOf({ info, object }: AdmissionAttributes): string {
  return info.name || object?.metadata?.name || object?.metadata?.generateName || 'Unknown';
}

/** Creates and updates of pods themselves. */
export function writesPod(attributes: AdmissionAttributes): boolean {
  return isFor(attributes, '', 'pods') && (attributes.operation === 'CREATE' || attributes.operation === 'UPDATE');
}

export function createsPod(attributes: AdmissionAttributes): boolean {
  return isFor(attributes, '', 'pods') && attributes.operation === 'CREATE';
}
