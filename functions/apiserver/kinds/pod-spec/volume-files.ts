import { invalidValue, required } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { DownwardAPIVolumeFile, KeyToPath } from '../../../../lib/api/types.ts';
import { checkRequired } from '../check.ts';
import { checkFieldRef, checkResourceFieldRef, VOLUME_FIELDS } from './env.ts';
import { checkLocalNonReservedPath } from './paths.ts';

const FILE_MODE_ERROR = 'must be a number between 0 and 0777 (octal), both inclusive';

export function checkFileMode(causes: Cause[], mode: number | undefined, field: string): void {
  if (mode !== undefined && (mode > 0o777 || mode < 0)) causes.push(invalidValue(field, mode, FILE_MODE_ERROR));
}

export function checkKeysToPaths(causes: Cause[], items: KeyToPath[] | undefined, path: string): void {
  items?.forEach((item, i) => {
    const at = `${path}[${i}]`;
    checkRequired(causes, `${at}.key`, item.key);
    checkRequired(causes, `${at}.path`, item.path);
    checkLocalNonReservedPath(causes, item.path ?? '', `${at}.path`);
    checkFileMode(causes, item.mode, `${at}.mode`);
  });
}

/** Upstream names the volume here, not the item. */
export function checkDownwardFile(causes: Cause[], file: DownwardAPIVolumeFile, path: string): void {
  checkRequired(causes, `${path}.path`, file.path);
  checkLocalNonReservedPath(causes, file.path ?? '', `${path}.path`);
  if (file.fieldRef) {
    checkFieldRef(causes, file.fieldRef, VOLUME_FIELDS, `${path}.fieldRef`);
    if (file.resourceFieldRef) {
      const why = 'fieldRef and resourceFieldRef can not be specified simultaneously';
      causes.push(invalidValue(path, 'resource', why));
    }
  } else if (file.resourceFieldRef) {
    checkResourceFieldRef(causes, file.resourceFieldRef, `${path}.resourceFieldRef`, true);
  } else causes.push(required(path, 'one of fieldRef and resourceFieldRef is required'));
  checkFileMode(causes, file.mode, `${path}.mode`);
}
