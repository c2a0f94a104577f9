import { ageOf, name, type Rows, UNSET } from './row.ts';

const DEFAULT_CLASS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

export const storageRows: Rows = {
  'storage.k8s.io/storageclasses': (o) => [
    name(o),
    o.provisioner ?? '',
    o.reclaimPolicy ?? 'Delete',
    o.volumeBindingMode ?? 'Immediate',
    o.allowVolumeExpansion ?? false,
    ageOf(o),
  ],
  'storage.k8s.io/csidrivers': (o) => [
    name(o),
    o.spec?.attachRequired ?? true,
    o.spec?.podInfoOnMount ?? false,
    o.spec?.storageCapacity ?? false,
    o.spec?.tokenRequests ? o.spec.tokenRequests.map((t: any) => t.audience ?? '').join(',') : UNSET,
    o.spec?.requiresRepublish ?? false,
    (o.spec?.volumeLifecycleModes ?? []).join(',') || '<none>',
    ageOf(o),
  ],
  'storage.k8s.io/csinodes': (o) => [name(o), (o.spec?.drivers ?? []).length, ageOf(o)],
  'storage.k8s.io/volumeattachments': (o) => [
    name(o),
    o.spec?.attacher ?? '',
    o.spec?.source?.persistentVolumeName ?? '',
    o.spec?.nodeName ?? '',
    o.status?.attached ?? false,
    ageOf(o),
  ],
  'storage.k8s.io/volumeattributesclasses': (o) => [name(o), o.driverName ?? '', ageOf(o)],
};

/** A list marks the default class: of several, the newest, and of those the first by name. */
export function defaultStorageClass(classes: readonly any[]): any {
  return classes
    .filter((o) => DEFAULT_CLASS.some((annotation) => o.metadata?.annotations?.[annotation] === 'true'))
    .sort((a, b) => createdAt(b).localeCompare(createdAt(a)) || name(a).localeCompare(name(b)))[0];
}

function createdAt(object: any): string {
  return object.metadata.creationTimestamp ?? '';
}
