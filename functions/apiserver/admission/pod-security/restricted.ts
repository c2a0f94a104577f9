import type { Container, Volume } from '../../../../lib/api/types.ts';
import {
  baseline,
  capabilitiesBaseline,
  hostPathVolumes,
  procMount,
  procMountRestricted,
  seccompProfileBaseline,
} from './baseline.ts';
import {
  type Check,
  containers,
  containersText,
  hasUserNamespace,
  isWindows,
  namesOf,
  plural,
  quoted,
  setters,
  sortedSet,
} from './check.ts';

/** The Pod Security Standards' restricted level. Source: k8s.io/pod-security-admission/policy; the order is that of their ids. */

const allowPrivilegeEscalation: Check = (checked) => {
  const names = namesOf(checked.spec, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
  if (names.length === 0 || checked.minor < 8 || isWindows(checked)) return undefined;
  const detail = `${containersText(names)} must set securityContext.allowPrivilegeEscalation=false`;
  return { reason: 'allowPrivilegeEscalation != false', detail };
};

const capabilitiesRestricted: Check = (checked) => {
  const { spec, minor } = checked;
  if (minor < 22) return capabilitiesBaseline(checked);
  if (isWindows(checked)) return undefined;
  const keeping = namesOf(spec, ({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'));
  const extra = ({ securityContext }: Container) =>
    (securityContext?.capabilities?.add ?? []).filter((capability) => capability !== 'NET_BIND_SERVICE');
  const adding = namesOf(spec, (container) => extra(container).length > 0);
  const added = quoted(sortedSet(containers(spec).flatMap(extra)));
  const details = [
    ...(keeping.length ? [`${containersText(keeping)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(adding.length
      ? [`${containersText(adding)} must not include ${added} in securityContext.capabilities.add`]
      : []),
  ];
  return details.length ? { reason: 'unrestricted capabilities', detail: details.join('; ') } : undefined;
};

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

const restrictedVolumes: Check = ({ spec }) => {
  const typeOf = ({ name: _, ...source }: Volume) => Object.keys(source)[0] ?? 'unknown';
  const bad = (spec.volumes ?? []).filter((volume) => !VOLUMES.includes(typeOf(volume)));
  if (bad.length === 0) return undefined;
  const types = sortedSet(bad.map(typeOf));
  const which = `${plural('volume', bad.length)} ${quoted(bad.map(({ name }) => name))}`;
  const what = `${plural('restricted volume type', types.length)} ${quoted(types)}`;
  return { reason: 'restricted volume types', detail: `${which} ${bad.length === 1 ? 'uses' : 'use'} ${what}` };
};

const runAsNonRoot: Check = (checked) => {
  if (hasUserNamespace(checked)) return undefined;
  const { spec } = checked;
  const ofPod = spec.securityContext?.runAsNonRoot;
  const reason = 'runAsNonRoot != true';
  const refusing = namesOf(spec, ({ securityContext }) => securityContext?.runAsNonRoot === false);
  if (ofPod === false || refusing.length)
    return { reason, detail: `${setters(ofPod === false, refusing)} must not set securityContext.runAsNonRoot=false` };
  const silent = namesOf(spec, ({ securityContext }) => securityContext?.runAsNonRoot === undefined);
  if (ofPod || silent.length === 0) return undefined;
  return { reason, detail: `pod or ${containersText(silent)} must set securityContext.runAsNonRoot=true` };
};

const runAsUser: Check = (checked) => {
  const { spec, minor } = checked;
  if (minor < 23 || hasUserNamespace(checked)) return undefined;
  const ofPod = spec.securityContext?.runAsUser === 0;
  const names = namesOf(spec, ({ securityContext }) => securityContext?.runAsUser === 0);
  if (!ofPod && names.length === 0) return undefined;
  return { reason: 'runAsUser=0', detail: `${setters(ofPod, names)} must not set runAsUser=0` };
};

const seccompProfileRestricted: Check = (checked) => {
  if (isWindows(checked)) return undefined;
  const bad = seccompProfileBaseline(checked);
  const { spec, minor } = checked;
  if (bad || minor < 19 || spec.securityContext?.seccompProfile) return bad;
  const silent = namesOf(spec, ({ securityContext }) => !securityContext?.seccompProfile);
  if (silent.length === 0) return undefined;
  const types = '"RuntimeDefault" or "Localhost"';
  const detail = `pod or ${containersText(silent)} must set securityContext.seccompProfile.type to ${types}`;
  return { reason: 'seccompProfile', detail };
};

/** Baseline checks that a stricter one here takes the place of. */
const REPLACED: readonly Check[] = [capabilitiesBaseline, hostPathVolumes, procMount, seccompProfileBaseline];

export const restricted: readonly Check[] = [
  ...baseline.filter((check) => !REPLACED.includes(check)),
  allowPrivilegeEscalation,
  capabilitiesRestricted,
  procMountRestricted,
  restrictedVolumes,
  runAsNonRoot,
  runAsUser,
  seccompProfileRestricted,
];
