import type { EndpointSlice } from '../../lib/api/types.ts';
import type { Cache } from '../../lib/client/controller.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';
const BY_SERVICE = 'service';

/** The service that a slice belongs to; a slice without it belongs to none (discovery/v1, LabelServiceName). */
export function serviceNameOf(slice: EndpointSlice): string | undefined {
  return slice.metadata?.labels?.[SERVICE_NAME];
}

/** Slices by their service's `namespace/name`. */
export function slicesByService(slices: Cache<EndpointSlice>): (key: string) => readonly EndpointSlice[] {
  slices.addIndex(BY_SERVICE, (slice) => {
    const name = serviceNameOf(slice);
    return name ? [`${slice.metadata.namespace}/${name}`] : [];
  });
  return (key) => slices.byIndex(BY_SERVICE, key);
}
