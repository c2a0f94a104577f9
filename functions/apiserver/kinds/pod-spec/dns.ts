import { forbiddenField, invalidValue, required, tooLong } from '../../../../lib/api/causes.ts';
import { dns1123Subdomain, dns1123SubdomainWithUnderscore } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { PodDNSConfig, PodSpec } from '../../../../lib/api/types.ts';
import { checkFormat, checkRequired, checkRequiredOneOf } from '../check.ts';
import { checkIp } from '../ip.ts';

/** resolv.conf's own limits. */
const NAMESERVERS_MAX = 3;
const SEARCHES_MAX = 32;
const SEARCH_CHARACTERS_MAX = 2048;

const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];

export function checkDnsPolicy(causes: Cause[], spec: PodSpec, path: string): void {
  checkRequiredOneOf(causes, `${path}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES);
}

/** Source: validatePodDNSConfig in k8s.io/kubernetes/pkg/apis/core/validation. */
export function checkDnsConfig(causes: Cause[], { dnsPolicy, dnsConfig }: PodSpec, path: string): void {
  if (dnsPolicy === 'None' && !dnsConfig) {
    return void causes.push(required(path, 'must provide `dnsConfig` when `dnsPolicy` is None'));
  }
  if (dnsPolicy === 'None' && !dnsConfig?.nameservers?.length) {
    const why = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
    return void causes.push(required(`${path}.nameservers`, why));
  }
  if (dnsConfig) checkLists(causes, dnsConfig, path);
}

function checkLists(
  causes: Cause[],
  { nameservers = [], searches = [], options = [] }: PodDNSConfig,
  path: string,
): void {
  if (nameservers.length > NAMESERVERS_MAX) {
    const why = `must not have more than ${NAMESERVERS_MAX} nameservers`;
    causes.push(invalidValue(`${path}.nameservers`, nameservers, why));
  }
  nameservers.forEach((server, i) => {
    checkIp(causes, server, `${path}.nameservers[${i}]`);
  });
  checkSearches(causes, searches, `${path}.searches`);
  options.forEach(({ name }, i) => {
    checkRequired(causes, `${path}.options[${i}]`, name, 'must not be empty');
  });
}

function checkSearches(causes: Cause[], searches: string[], path: string): void {
  if (searches.length > SEARCHES_MAX) {
    causes.push(invalidValue(path, searches, `must not have more than ${SEARCHES_MAX} search paths`));
  }
  if (searches.join(' ').length > SEARCH_CHARACTERS_MAX) {
    const why = `must not have more than ${SEARCH_CHARACTERS_MAX} characters (including spaces) in the search list`;
    causes.push(invalidValue(path, searches, why));
  }
  searches.forEach((search, i) => {
    if (search !== '.') {
      checkFormat(causes, `${path}[${i}]`, search.replace(/\.$/, ''), dns1123SubdomainWithUnderscore);
    }
  });
}

const HOSTNAME_MAX = 64;

/** Source: validatePodHostName. */
export function checkHostnameOverride(causes: Cause[], spec: PodSpec, path: string): void {
  const hostname = spec.hostnameOverride;
  if (hostname === undefined) return;
  const field = `${path}.hostnameOverride`;
  if (spec.setHostnameAsFQDN) causes.push(forbiddenField(field, 'may not be specified when setHostnameAsFQDN is true'));
  if (spec.hostNetwork) causes.push(forbiddenField(field, 'may not be specified when hostNetwork is true'));
  if (hostname.length > HOSTNAME_MAX) causes.push(tooLong(field, HOSTNAME_MAX));
  checkFormat(causes, field, hostname, dns1123Subdomain);
}
