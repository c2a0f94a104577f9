import { forbiddenField, notSupported } from '../../../lib/api/causes.ts';
import {
  type FieldMatcher,
  type LabelMatcher,
  parseFieldSelector,
  parseLabelSelector,
  unsupportedField,
} from '../../../lib/api/selectors.ts';
import { badRequest, type Cause, invalid, StatusError } from '../../../lib/api/status.ts';
import { isTrue } from '../request-info.ts';
import type { Call } from './call.ts';
import type { ResourceType } from './resource-table.ts';

/** metav1.ListOptions, checked. Source: apis/meta/internalversion/validation/validation.go. */
export interface ListOptions {
  labels: LabelMatcher | undefined;
  fields: FieldMatcher | undefined;
  /** Both a name in the path and `metadata.name=` select one object. */
  name: string | undefined;
  limit: number;
  continue: string;
  resourceVersion: string;
  match: string;
  watch: boolean;
  allowBookmarks: boolean;
  sendInitialEvents: boolean | undefined;
  timeoutSeconds: number | undefined;
}

const EVERYTHING: ListOptions = {
  labels: undefined,
  fields: undefined,
  name: undefined,
  limit: 0,
  continue: '',
  resourceVersion: '',
  match: '',
  watch: false,
  allowBookmarks: false,
  sendInitialEvents: undefined,
  timeoutSeconds: undefined,
};

export function listOptions(call: Call): ListOptions {
  const { query, info, type } = call;
  if (query.size === 0 && !info.name) return EVERYTHING;
  const text = (name: string) => query.get(name) ?? '';
  const options: ListOptions = {
    labels: text('labelSelector') ? matcherOfLabels(text('labelSelector')) : undefined,
    fields: text('fieldSelector') ? matcherOfFields(type, text('fieldSelector')) : undefined,
    name: info.name || undefined,
    limit: Math.max(0, integer(query, 'limit') ?? 0),
    continue: text('continue'),
    resourceVersion: text('resourceVersion'),
    match: text('resourceVersionMatch'),
    watch: info.verb === 'watch',
    allowBookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendInitialEvents: query.has('sendInitialEvents') ? isTrue(query.get('sendInitialEvents')) : undefined,
    timeoutSeconds: integer(query, 'timeoutSeconds'),
  };
  const causes = options.watch ? watchCauses(options) : listCauses(options);
  if (causes.length) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', causes);
  return withoutName(options);
}

/** `metadata.name=x` is a lookup by key, so nothing is left to select by. */
function withoutName(options: ListOptions): ListOptions {
  const { fields, name } = options;
  if (!name || !fields) return options;
  const requirement = fields.requirements.find((candidate) => candidate.field === 'metadata.name' && candidate.equal);
  if (requirement?.value !== name) throw badRequest("fieldSelector metadata.name doesn't match requested name");
  return fields.requirements.length === 1 ? { ...options, fields: undefined } : options;
}

function matcherOfLabels(text: string): LabelMatcher | undefined {
  const matcher = parseLabelSelector(text);
  return matcher.empty ? undefined : matcher;
}

/** Fields that a selector may name. Source: AddFieldLabelConversionFunc of each group. */
function matcherOfFields(type: ResourceType, text: string): FieldMatcher | undefined {
  const matcher = parseFieldSelector(text);
  for (const { field } of matcher.requirements) {
    if (field === 'metadata.name' || (field === 'metadata.namespace' && type.namespaced)) continue;
    if (!type.rules.selectableFields?.[field]) throw badRequest(unknownField(type, field));
  }
  return matcher.empty ? undefined : matcher;
}

/** Kinds without fields of their own are refused in other words. */
function unknownField(type: ResourceType, field: string): string {
  if (type.rules.selectableFields) return unsupportedField(field);
  return `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (!text) return undefined;
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

const EXACT_UNSET = 'resourceVersionMatch is forbidden unless resourceVersion is provided';
const WITH_CONTINUE = 'resourceVersionMatch is forbidden when continue is provided';

function listCauses(options: ListOptions): Cause[] {
  const { match, resourceVersion } = options;
  const causes: Cause[] = [];
  const refuse = (why: string) => causes.push(forbiddenField('resourceVersionMatch', why));
  if (match) {
    if (!resourceVersion) refuse(EXACT_UNSET);
    if (options.continue) refuse(WITH_CONTINUE);
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      causes.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
    }
    if (match === 'Exact' && resourceVersion === '0') {
      refuse('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
    }
  }
  if (options.sendInitialEvents !== undefined) {
    causes.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  return causes;
}

function watchCauses(options: ListOptions): Cause[] {
  const { match, sendInitialEvents } = options;
  const causes: Cause[] = [];
  const refuse = (why: string) => causes.push(forbiddenField('resourceVersionMatch', why));
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    refuse('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
  if (!match) return causes;
  if (sendInitialEvents === undefined) {
    refuse('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
  }
  if (match !== 'NotOlderThan') causes.push(notSupported('resourceVersionMatch', match, ['NotOlderThan']));
  if (options.continue) refuse(WITH_CONTINUE);
  return causes;
}

/** Source: k8s.io/apiserver/pkg/storage APIObjectVersioner.ParseResourceVersion. */
export function checkResourceVersion(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new StatusError(500, '', badResourceVersion(text));
}

function badResourceVersion(text: string): string {
  const quoted = JSON.stringify(text);
  return `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: invalid syntax`;
}

/** A list says it as a fault of the request. */
export function listResourceVersion(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw badRequest(`invalid resource version: ${badResourceVersion(text)}`);
}
