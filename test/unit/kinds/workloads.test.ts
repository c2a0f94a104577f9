import { deployment } from '../../../functions/apiserver/kinds/apps/deployment.ts';
import { job } from '../../../functions/apiserver/kinds/batch/job.ts';
import { scheduleFault } from '../../../functions/apiserver/kinds/batch/schedule.ts';
import { secret } from '../../../functions/apiserver/kinds/core/secret.ts';

const CONTEXT = { now: '', uuid: () => 'the-uid', user: { username: 'admin', groups: [] } };
const template = () => ({ metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } });

test.each([
  ['* * * * *', undefined],
  ['*/5 0-6,12 1 jan mon', undefined],
  ['@hourly', undefined],
  ['@every 1h30m', undefined],
  ['@never', 'unrecognized descriptor: @never'],
  ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
  ['61 * * * *', 'end of range (61) above maximum (59): 61'],
  ['5-3 * * * *', 'beginning of range (5) beyond end of range (3): 5-3'],
  ['*/0 * * * *', 'step of range should be a positive number: */0'],
  ['x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
  ['', 'empty spec string'],
])('of the schedule %j is said: %s', (schedule, fault) => {
  expect(scheduleFault(schedule)).toBe(fault);
});

test('a deployment rolls a quarter at a time unless told otherwise', () => {
  const object: any = { spec: { selector: { matchLabels: { a: 'b' } }, template: template() } };
  deployment.defaults!(object);
  expect(object.spec.strategy).toEqual({
    type: 'RollingUpdate',
    rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' },
  });
  expect(deployment.validate!(object)).toEqual([]);
});

test('an annotation raises the generation of a deployment', () => {
  const old: any = { metadata: { generation: 3 }, spec: {} };
  const object: any = { metadata: { generation: 3, annotations: { a: 'b' } }, spec: {} };
  deployment.prepareForUpdate!(object, old, CONTEXT);
  expect(object.metadata.generation).toBe(4);
});

test('a job selects its pods by its own uid', () => {
  const spec = { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } };
  const object: any = { metadata: { name: 'j', uid: 'u' }, spec };
  job.defaults!(object);
  job.prepareForCreate!(object, CONTEXT);
  expect(object.spec.selector).toEqual({ matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } });
  expect(object.spec.template.metadata.labels).toMatchObject({ 'batch.kubernetes.io/job-name': 'j', 'job-name': 'j' });
  expect(job.validate!(object)).toEqual([]);
});

test("a secret's text becomes data, and wins over it", () => {
  const object: any = { data: { a: 'eA==', b: 'eQ==' }, stringData: { a: 'z' } };
  secret.defaults!(object);
  expect(object).toEqual({ type: 'Opaque', data: { a: 'eg==', b: 'eQ==' } });
});
