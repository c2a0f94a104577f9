import { applyServerSide, trackManagedFields } from '../../../lib/api/managed-fields.ts';
import type { KubeObject } from '../../../lib/api/object.ts';
import { validateSchema } from '../../../lib/api/schema.ts';
import type { StatusError } from '../../../lib/api/status.ts';

const configMap = { group: '', version: 'v1', kind: 'ConfigMap' };
const deployment = { group: 'apps', version: 'v1', kind: 'Deployment' };
const NOW = '2026-11-23T00:00:00Z';

function by(manager: string, gvk = configMap, more: { subresource?: string; force?: boolean } = {}) {
  return { gvk, manager, subresource: '', now: NOW, force: false, ...more };
}

function config(data: object): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data };
}

/** What the apiserver would store of an apply's outcome. */
function stored({ object, managedFields }: ReturnType<typeof applyServerSide>, gvk = configMap): KubeObject {
  const whole = { ...object, metadata: { ...object.metadata, managedFields } } as KubeObject;
  return validateSchema(whole, gvk, { fieldValidation: 'Strict' }).object;
}

function apply(live: KubeObject | undefined, data: object, manager: string, force = false): KubeObject {
  return stored(applyServerSide(live, config(data), by(manager, configMap, { force })));
}

function owners(object: KubeObject): Record<string, unknown> {
  const entries = object.metadata?.managedFields ?? [];
  return Object.fromEntries(entries.map((e) => [`${e.manager} ${e.operation}`, (e.fieldsV1 as any)['f:data']]));
}

describe('server-side apply', () => {
  test('the applier owns what it names', () => {
    const live = apply(undefined, { a: '1' }, 'one');
    expect(live.metadata?.managedFields).toEqual([
      {
        manager: 'one',
        operation: 'Apply',
        apiVersion: 'v1',
        time: NOW,
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { 'f:a': {} } },
      },
    ]);
  });

  test('changing what another owns is a conflict, naming each field', () => {
    const live = apply(undefined, { a: '1', b: '1' }, 'one');
    expect(() => apply(live, { a: '2' }, 'two')).toThrow(
      expect.objectContaining({
        code: 409,
        reason: 'Conflict',
        message: 'Apply failed with 1 conflict: conflict with "one": .data.a',
        details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.a' }] },
      } as Partial<StatusError>),
    );
    expect(() => apply(live, { a: '2', b: '2' }, 'two')).toThrow(
      'Apply failed with 2 conflicts: conflicts with "one":\n- .data.a\n- .data.b',
    );
  });

  test('force takes the field, equal values are shared', () => {
    const live = apply(undefined, { a: '1', b: '1' }, 'one');
    const taken = apply(live, { a: '2', b: '1' }, 'two', true);
    expect(taken['data']).toEqual({ a: '2', b: '1' });
    expect(owners(taken)).toEqual({ 'one Apply': { 'f:b': {} }, 'two Apply': { 'f:a': {}, 'f:b': {} } });
  });

  test('what is no longer applied is removed, unless another owns it', () => {
    const live = apply(apply(undefined, { a: '1', b: '1' }, 'one'), { b: '1' }, 'two');
    expect(apply(live, {}, 'one')['data']).toEqual({ b: '1' });
  });

  test('an apply that changes nothing leaves the object and its times alone', () => {
    const live = apply(undefined, { a: '1' }, 'one');
    const again = applyServerSide(live, config({ a: '1' }), { ...by('one'), now: 'later' });
    expect(again.managedFields).toEqual(live.metadata?.managedFields);
  });

  test('who wrote before the first apply owns the rest', () => {
    const untracked = config({ a: '1' });
    expect(() => apply(untracked, { a: '2' }, 'one')).toThrow('conflict with "before-first-apply" using v1: .data.a');
  });

  test('kubectl does not conflict with its own client-side apply', () => {
    const live = config({ a: '1' });
    const annotation = JSON.stringify(config({ a: '1' }));
    live.metadata!.annotations = { 'kubectl.kubernetes.io/last-applied-configuration': annotation };
    const applied = apply(live, { a: '2' }, 'kubectl');
    expect(applied['data']).toEqual({ a: '2' });
    expect(applied.metadata?.annotations?.['kubectl.kubernetes.io/last-applied-configuration']).toContain('"a":"2"');
  });

  test.each<[object, string]>([
    [{ foo: 1 }, '.foo: field not declared in schema'],
    [{ data: { a: 2 } }, '.data.a: expected string, got &value.valueUnstructured{Value:2}'],
    [{ data: [] }, '.data: expected map, got'],
  ])('%j does not fit the schema', (more, fault) => {
    const applied = { ...config({}), ...more };
    expect(() => applyServerSide(undefined, applied, by('one'))).toThrow(
      `failed to create typed patch object (/c; /v1, Kind=ConfigMap): ${fault}`,
    );
  });

  test('lists are merged by their keys, in the applied order', () => {
    const spec = (containers: object[]) => ({ template: { spec: { containers } } });
    const object = (containers: object[]) =>
      ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec: spec(containers) }) as KubeObject;
    const first = applyServerSide(
      undefined,
      object([
        { name: 'a', image: '1' },
        { name: 'b', image: '1' },
      ]),
      by('one', deployment),
    );
    const second = applyServerSide(
      stored(first, deployment),
      object([{ name: 'c' }, { name: 'a' }]),
      by('two', deployment),
    );
    const containers = stored(second, deployment)['spec'].template.spec.containers;
    expect(containers.map((c: any) => [c.name, c.image])).toEqual([
      ['c', undefined],
      ['a', '1'],
      ['b', '1'],
    ]);
  });
});

describe('tracking of writes', () => {
  const tracked = (live: KubeObject | undefined, next: KubeObject, manager: string, more = {}) =>
    ({
      ...next,
      metadata: { ...next.metadata, managedFields: trackManagedFields(live, next, by(manager, configMap, more)) },
    }) as KubeObject;

  test('a creator owns what it wrote, but no names', () => {
    expect(owners(tracked(undefined, config({ a: '1' }), 'one'))).toEqual({ 'one Update': { '.': {}, 'f:a': {} } });
  });

  test('an updater takes what it changes, and what is removed belongs to nobody', () => {
    const live = tracked(undefined, config({ a: '1', b: '1' }), 'one');
    const next = tracked(live, config({ a: '2' }), 'two');
    expect(owners(next)).toEqual({ 'one Update': {}, 'two Update': { 'f:a': {} } });
  });

  test('what nobody tracked stays untracked', () => {
    expect(trackManagedFields(config({ a: '1' }), config({ a: '2' }), by('one'))).toBeUndefined();
  });

  test('status written through the object belongs to nobody', () => {
    const live = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      status: { replicas: 1 },
    } as KubeObject;
    const create = trackManagedFields(undefined, live, by('one', deployment));
    const status = trackManagedFields(undefined, live, by('one', deployment, { subresource: 'status' }));
    expect(create).toBeUndefined();
    expect(status).toEqual([
      expect.objectContaining({ subresource: 'status', fieldsV1: { 'f:status': { 'f:replicas': {} } } }),
    ]);
  });

  test('no more than ten updaters are remembered apart', () => {
    let live = tracked(undefined, config({ a: '0' }), 'm0');
    for (let i = 1; i <= 15; i++) live = tracked(live, config({ ...live['data'], [`k${i}`]: '1' }), `m${i}`);
    const managers = (live.metadata?.managedFields ?? []).map(({ manager }) => manager);
    expect(managers).toHaveLength(10);
    expect(managers).toContain('ancient-changes');
  });
});
