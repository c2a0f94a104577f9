import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { kindRules } from '../../../functions/apiserver/kinds/index.ts';
import { builtinResources } from '../../../lib/api/resources.ts';
import { validateSchema } from '../../../lib/api/schema/validate.ts';

const CASES = join(__dirname, '../../parity/cases');
const FILES = ['minimal.yaml', 'pods.yaml', 'services.yaml', 'workloads.yaml', 'core.yaml', 'cluster.yaml'];

/** As they come out of decoding; what decoding refuses never reaches a rule. */
const objects: any[] = FILES.flatMap((file) => parse(readFileSync(join(CASES, file), 'utf8'))).flatMap(({ create }) => {
  const [version, group = ''] = create.apiVersion.split('/').reverse();
  try {
    return [validateSchema(create, { group, version, kind: create.kind }, { fieldValidation: 'Ignore' }).object];
  } catch {
    return [];
  }
});

/** What decoding makes of an object that holds only its name. */
function bare({ apiVersion, kind }: any): any {
  const [version, group = ''] = apiVersion.split('/').reverse();
  const given = { apiVersion, kind, metadata: { name: 'bare' } };
  return validateSchema(given, { group, version, kind }, { fieldValidation: 'Ignore' }).object;
}

function rulesOf({ apiVersion, kind }: any) {
  const [version, group = ''] = apiVersion.split('/').reverse();
  const row = builtinResources.find((info) => info.group === group && info.version === version && info.kind === kind)!;
  return kindRules.get(`${group}/${row.resource}`) ?? {};
}

test('every rule belongs to a resource that is served', () => {
  const served = new Set(builtinResources.map(({ group, resource }) => `${group}/${resource}`));
  expect([...kindRules.keys()].filter((key) => !served.has(key))).toEqual([]);
});

test('defaults leave an already defaulted object unchanged', () => {
  for (const object of objects) {
    const { defaults } = rulesOf(object);
    const once = structuredClone(object);
    defaults?.(once);
    const twice = structuredClone(once);
    defaults?.(twice);
    expect(twice).toEqual(once);
  }
});

test('validation says what is wrong and never throws, however little an object holds', () => {
  for (const object of objects) {
    const { defaults, validate, validateUpdate } = rulesOf(object);
    for (const given of [object, bare(object)]) {
      const copy = structuredClone(given);
      defaults?.(copy);
      for (const cause of [...(validate?.(copy) ?? []), ...(validateUpdate?.(copy, structuredClone(copy)) ?? [])]) {
        expect(cause).toEqual({ reason: expect.any(String), message: expect.any(String), field: expect.any(String) });
      }
    }
  }
});

test('validation changes nothing', () => {
  for (const object of objects) {
    const { defaults, validate } = rulesOf(object);
    const given = structuredClone(object);
    defaults?.(given);
    const before = structuredClone(given);
    validate?.(given);
    expect(given).toEqual(before);
  }
});
