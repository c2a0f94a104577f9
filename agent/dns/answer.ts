import type { Answer } from 'dns-packet';

/** RFC 1035 §4.1.1, the ones that are given here. */
export type ResponseCode = 'NOERROR' | 'NXDOMAIN' | 'SERVFAIL' | 'FORMERR' | 'NOTIMP';

/** What a zone says to a question; no answers with NOERROR: the name is there, the type is not (NODATA). */
export interface ZoneAnswer {
  rcode: ResponseCode;
  answers: Answer[];
  authorities: Answer[];
  additionals: Answer[];
}

/** Seconds. What changes with pods must not be remembered for long; CoreDNS' own default. */
export const TTL_SECONDS = 5;

export function found(answers: Answer[], additionals: Answer[] = []): ZoneAnswer {
  return { rcode: 'NOERROR', answers, authorities: [], additionals };
}

/** A negative answer carries the zone's SOA, by which it is remembered (RFC 2308 §3). */
export function noData(zone: string): ZoneAnswer {
  return { rcode: 'NOERROR', answers: [], authorities: [soa(zone)], additionals: [] };
}

export function noName(zone: string): ZoneAnswer {
  return { ...noData(zone), rcode: 'NXDOMAIN' };
}

/** The serial would rise with every change; nobody transfers this zone, so it stands still. */
export function soa(zone: string): Answer {
  const data = {
    mname: `ns.dns.${zone}`,
    rname: `hostmaster.${zone}`,
    serial: 1,
    refresh: 7_200,
    retry: 1_800,
    expire: 86_400,
    minimum: TTL_SECONDS,
  };
  return { type: 'SOA', name: zone, ttl: TTL_SECONDS, class: 'IN', data };
}

export function address(name: string, ip: string): Answer {
  return { type: 'A', name, ttl: TTL_SECONDS, class: 'IN', data: ip };
}
