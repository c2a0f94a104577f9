import { duplicateValue, invalidValue, required } from '../../../../lib/api/causes.ts';
import { dns1035Label, dns1123Subdomain, portNumber } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
  WebhookClientConfig,
} from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat, checkOneOf, checkRequired } from '../check.ts';
import { checkLabelSelector } from '../label-selector.ts';
import { checkMatchConditions, checkRule, defaultRules, FAILURE_POLICIES, MATCH_POLICIES } from './rules.ts';

type Configuration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration;
/** A validating webhook is one without a reinvocation policy. */
type Webhook = MutatingWebhook;

const TIMEOUT_SECONDS = 10;
const TIMEOUT_MAX = 30;
export const WEBHOOK_PORT = 443;

function defaultWebhook(hook: Webhook): void {
  hook.failurePolicy ??= 'Fail';
  hook.matchPolicy ??= 'Equivalent';
  hook.namespaceSelector ??= {};
  hook.objectSelector ??= {};
  hook.timeoutSeconds ??= TIMEOUT_SECONDS;
  if (hook.clientConfig?.service) hook.clientConfig.service.port ??= WEBHOOK_PORT;
  defaultRules(hook.rules);
}

/** Source: validateValidatingWebhookConfiguration in k8s.io/kubernetes/pkg/apis/admissionregistration/validation. */
function validate({ webhooks = [] }: Configuration): Cause[] {
  const causes: Cause[] = [];
  const names = new Set<string>();
  webhooks.forEach((hook, i) => {
    const path = `webhooks[${i}]`;
    checkWebhook(causes, hook, path);
    checkReviewVersions(causes, hook.admissionReviewVersions ?? [], `${path}.admissionReviewVersions`);
    if (hook.name && names.has(hook.name)) causes.push(duplicateValue(`${path}.name`, hook.name));
    names.add(hook.name);
  });
  return causes;
}

function checkWebhook(causes: Cause[], hook: Webhook, path: string): void {
  checkFullName(causes, hook.name, `${path}.name`);
  hook.rules?.forEach((rule, i) => {
    checkRule(causes, rule, `${path}.rules[${i}]`);
  });
  checkOneOf(causes, `${path}.failurePolicy`, hook.failurePolicy, FAILURE_POLICIES);
  checkOneOf(causes, `${path}.matchPolicy`, hook.matchPolicy, MATCH_POLICIES);
  if (!hook.sideEffects) {
    causes.push(required(`${path}.sideEffects`, 'must specify one of None, NoneOnDryRun'));
  } else checkOneOf(causes, `${path}.sideEffects`, hook.sideEffects, ['None', 'NoneOnDryRun']);
  const seconds = hook.timeoutSeconds ?? TIMEOUT_SECONDS;
  if (seconds > TIMEOUT_MAX || seconds < 1) {
    const why = 'the timeout value must be between 1 and 30 seconds';
    causes.push(invalidValue(`${path}.timeoutSeconds`, seconds, why));
  }
  checkLabelSelector(causes, hook.namespaceSelector, `${path}.namespaceSelector`);
  checkLabelSelector(causes, hook.objectSelector, `${path}.objectSelector`);
  if (hook.reinvocationPolicy !== undefined) {
    checkOneOf(causes, `${path}.reinvocationPolicy`, hook.reinvocationPolicy, ['IfNeeded', 'Never']);
  }
  checkClient(causes, hook.clientConfig ?? {}, `${path}.clientConfig`);
  checkMatchConditions(causes, hook.matchConditions, `${path}.matchConditions`);
}

/** Source: IsFullyQualifiedName in k8s.io/apimachinery/pkg/util/validation. */
function checkFullName(causes: Cause[], name: string | undefined, field: string): void {
  if (!checkRequired(causes, field, name)) return;
  const faults = dns1123Subdomain(name!);
  if (faults.length > 0) causes.push(invalidValue(field, name, faults.join(',')));
  else if (name!.split('.').length < 3) {
    causes.push(invalidValue(field, name, 'should be a domain with at least three segments separated by dots'));
  }
}

export function checkClient(causes: Cause[], { url, service }: WebhookClientConfig, path: string): void {
  if ((url === undefined) === (service === undefined)) {
    causes.push(required(path, 'exactly one of url or service is required'));
  } else if (url !== undefined) checkUrl(causes, url, `${path}.url`);
  else checkService(causes, service!, `${path}.service`);
}

/** Source: ValidateWebhookURL in k8s.io/apiserver/pkg/util/webhook. */
function checkUrl(causes: Cause[], text: string, field: string): void {
  const form = 'desired format: https://host[/path]';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol.slice(0, -1) ?? '';
  if (scheme !== 'https') {
    causes.push(invalidValue(field, scheme, `'https' is the only allowed URL scheme; ${form}`));
  }
  if (!url?.host) causes.push(invalidValue(field, url?.host ?? '', `host must be specified; ${form}`));
  if (url?.username) causes.push(invalidValue(field, url.username, 'user information is not permitted in the URL'));
  if (url?.hash) causes.push(invalidValue(field, url.hash.slice(1), 'fragments are not permitted in the URL'));
  if (url?.search)
    causes.push(invalidValue(field, url.search.slice(1), 'query parameters are not permitted in the URL'));
}

/** Source: ValidateWebhookService. */
function checkService(causes: Cause[], service: NonNullable<WebhookClientConfig['service']>, path: string): void {
  checkRequired(causes, `${path}.name`, service.name);
  checkRequired(causes, `${path}.namespace`, service.namespace);
  const { port = WEBHOOK_PORT, path: urlPath } = service;
  const faults = portNumber(port);
  if (faults.length > 0) causes.push(invalidValue(`${path}.port`, port, `port is not valid: ${faults.join(', ')}`));
  if (!urlPath || urlPath === '/') return;
  const field = `${path}.path`;
  if (!urlPath.startsWith('/')) causes.push(invalidValue(field, urlPath, "must start with a '/'"));
  const steps = urlPath.slice(1).replace(/\/$/, '').split('/');
  steps.forEach((step, i) => {
    if (step === '') causes.push(invalidValue(field, urlPath, `segment[${i}] may not be empty`));
    else
      for (const fault of dns1123Subdomain(step)) causes.push(invalidValue(field, urlPath, `segment[${i}]: ${fault}`));
  });
}

const REVIEW_VERSIONS = ['v1', 'v1beta1'];

function checkReviewVersions(causes: Cause[], versions: string[], path: string): void {
  if (versions.length === 0) {
    causes.push(required(path, `must specify one of ${REVIEW_VERSIONS.join(', ')}`));
    return;
  }
  versions.forEach((version, i) => {
    const field = `${path}[${i}]`;
    if (versions.indexOf(version) < i) causes.push(invalidValue(field, version, 'duplicate version'));
    else checkFormat(causes, field, version, dns1035Label);
  });
  if (versions.some((version) => REVIEW_VERSIONS.includes(version))) return;
  causes.push(invalidValue(path, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`));
}

export const validatingWebhookConfiguration: KindRules = {
  defaults({ webhooks }: ValidatingWebhookConfiguration) {
    for (const hook of webhooks ?? []) defaultWebhook(hook);
  },
  validate,
  validateUpdate: validate,
  generationFrom: ['webhooks'],
  unconditionalUpdate: false,
};

export const mutatingWebhookConfiguration: KindRules = {
  ...validatingWebhookConfiguration,
  defaults({ webhooks }: MutatingWebhookConfiguration) {
    for (const hook of webhooks ?? []) {
      defaultWebhook(hook);
      hook.reinvocationPolicy ??= 'Never';
    }
  },
};
