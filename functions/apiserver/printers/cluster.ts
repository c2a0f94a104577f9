import { humanDuration } from '../../../lib/api/duration.ts';
import { ageOf, condition, labelsText, NONE, name, nameAndAge, type Rows, since } from './row.ts';

/** Groups with a kind or two each. */
export const clusterRows: Rows = {
  'coordination.k8s.io/leases': (o) => [name(o), o.spec?.holderIdentity ?? '', ageOf(o)],
  'node.k8s.io/runtimeclasses': (o) => [name(o), o.handler ?? '', ageOf(o)],
  'scheduling.k8s.io/priorityclasses': (o) => [
    name(o),
    o.value ?? 0,
    o.globalDefault ?? false,
    ageOf(o),
    o.preemptionPolicy ?? '',
  ],
  'certificates.k8s.io/certificatesigningrequests': (o) => [
    name(o),
    ageOf(o),
    o.spec?.signerName || NONE,
    o.spec?.username ?? '',
    o.spec?.expirationSeconds === undefined ? NONE : humanDuration(o.spec.expirationSeconds * 1000),
    requestState(o),
  ],
  'certificates.k8s.io/clustertrustbundles': (o) => [name(o), o.spec?.signerName || NONE],
  'certificates.k8s.io/podcertificaterequests': (o) => [
    name(o),
    o.spec?.podName ?? '',
    o.spec?.serviceAccountName ?? '',
    o.spec?.nodeName ?? '',
    o.spec?.signerName ?? '',
    ['Failed', 'Denied', 'Issued'].find((type) => condition(o, type)) ?? 'Pending',
    labelsText(o.spec?.unverifiedUserAnnotations),
  ],
  'flowcontrol.apiserver.k8s.io/flowschemas': (o) => [
    name(o),
    o.spec?.priorityLevelConfiguration?.name ?? '',
    o.spec?.matchingPrecedence ?? 0,
    o.spec?.distinguisherMethod?.type ?? NONE,
    ageOf(o),
    condition(o, 'Dangling')?.status ?? '?',
  ],
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations': (o) => {
    const { limited, type = '' } = o.spec ?? {};
    const queuing = limited?.limitResponse?.queuing;
    const queues = [queuing?.queues ?? NONE, queuing?.handSize ?? NONE, queuing?.queueLengthLimit ?? NONE];
    return [name(o), type, limited?.nominalConcurrencyShares ?? NONE, ...queues, ageOf(o)];
  },
  'storagemigration.k8s.io/storageversionmigrations': (o) => [
    name(o),
    [o.spec?.resource?.resource, o.spec?.resource?.group].filter(Boolean).join('.'),
    ['Succeeded', 'Failed', 'Running'].find((type) => condition(o, type)?.status === 'True') ?? 'Unknown',
  ],
  'apiregistration.k8s.io/apiservices': (o) => [name(o), serviceOf(o), availability(o), ageOf(o)],
  'apiextensions.k8s.io/customresourcedefinitions': (o) => [
    name(o),
    o.spec?.scope ?? '',
    servedVersions(o),
    o.metadata.creationTimestamp ?? null,
    o.spec?.group ?? '',
    o.spec?.names?.kind ?? '',
    (o.spec?.names?.shortNames ?? []).join(','),
    condition(o, 'Established')?.status === 'True',
  ],
  'resource.k8s.io/deviceclasses': nameAndAge,
  'resource.k8s.io/resourceclaimtemplates': nameAndAge,
  'resource.k8s.io/resourceclaims': (o) => [name(o), claimState(o), ageOf(o)],
  'resource.k8s.io/resourceslices': (o) => [
    name(o),
    o.spec?.nodeName ?? '',
    o.spec?.driver ?? '',
    o.spec?.pool?.name ?? '',
    ageOf(o),
  ],
  'resource.k8s.io/devicetaintrules': (o) => {
    const { key = '', value = '', effect = '', timeAdded } = o.spec?.taint ?? {};
    return [name(o), key, value, effect, timeAdded ? since(timeAdded) : '', ageOf(o)];
  },
};

function requestState(request: any): string {
  const decided = condition(request, 'Denied') ? 'Denied' : condition(request, 'Approved') ? 'Approved' : 'Pending';
  const failed = condition(request, 'Failed') ? ',Failed' : '';
  return `${decided}${failed}${request.status?.certificate ? ',Issued' : ''}`;
}

function serviceOf({ spec }: any): string {
  return spec?.service ? `${spec.service.namespace ?? ''}/${spec.service.name ?? ''}` : 'Local';
}

function availability(service: any): string {
  const available = condition(service, 'Available');
  if (!available) return 'Unknown';
  return available.status === 'True' || !available.reason
    ? available.status
    : `${available.status} (${available.reason})`;
}

function claimState(claim: any): string {
  const deleted = Boolean(claim.metadata.deletionTimestamp);
  const states = deleted ? ['deleted'] : [];
  if (!claim.status?.allocation) return [...states, ...(deleted ? [] : ['pending'])].join(',');
  const reserved = (claim.status.reservedFor ?? []).length > 0 ? ['reserved'] : [];
  return [...states, 'allocated', ...reserved].join(',');
}

function servedVersions(definition: any): string {
  const served = (definition.spec?.versions ?? []).filter((version: any) => version.served);
  return served
    .map((version: any) => (version.storage ? `${version.name}(storage)` : version.name))
    .sort()
    .join(',');
}
