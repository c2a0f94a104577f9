/** How claims, volumes, scheduler and provisioners tell each other how far they are. Source: k8s.io/component-helpers/storage/volume. */
export const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';
export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';
export const STORAGE_PROVISIONER = 'volume.kubernetes.io/storage-provisioner';
export const BETA_STORAGE_PROVISIONER = 'volume.beta.kubernetes.io/storage-provisioner';
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
export const BETA_STORAGE_CLASS = 'volume.beta.kubernetes.io/storage-class';
export const DEFAULT_CLASS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];
/** A class of it only groups volumes that somebody made by hand. */
export const NO_PROVISIONER = 'kubernetes.io/no-provisioner';
/** The provisioner that every node of a local cluster runs for its own disk. */
export const LOCAL_PATH_PROVISIONER = 'zeroplane.dev/local-path';
