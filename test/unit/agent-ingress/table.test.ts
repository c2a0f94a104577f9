import { optionsOf } from '../../../agent/ingress/annotations.ts';
import { buildTable, lookUp } from '../../../agent/ingress/table.ts';
import { resolveUpstream } from '../../../agent/ingress/upstream.ts';
import { ingress, rule } from '../../builders/ingress.ts';

type Ingresses = Parameters<typeof buildTable>[0];

function where(ingresses: Ingresses, host: string, path: string): string | undefined {
  const table = buildTable(ingresses, (_, backend) => backend.service?.name);
  return lookUp(table, host, path).target?.upstream;
}

const backend = (name: string) => ({ service: { name, port: { number: 80 } } });

// The table of the Ingress documentation, "Examples": what a path of a rule matches.
test.each([
  ['Prefix', '/', '/any/thing', true],
  ['Exact', '/foo', '/foo', true],
  ['Exact', '/foo', '/bar', false],
  ['Exact', '/foo', '/foo/', false],
  ['Exact', '/foo/', '/foo', false],
  ['Prefix', '/foo', '/foo', true],
  ['Prefix', '/foo', '/foo/', true],
  ['Prefix', '/foo/', '/foo', true],
  ['Prefix', '/foo/', '/foo/', true],
  ['Prefix', '/aaa/bb', '/aaa/bbb', false],
  ['Prefix', '/aaa/bbb', '/aaa/bbb', true],
  ['Prefix', '/aaa/bbb/', '/aaa/bbb', true],
  ['Prefix', '/aaa/bbb', '/aaa/bbb/', true],
  ['Prefix', '/aaa/bbb', '/aaa/bbb/ccc', true],
  ['Prefix', '/aaa/bbb', '/aaa/bbbxyz', false],
  ['ImplementationSpecific', '/foo', '/foo/bar', true],
])('%s %s and %s: %s', (type, path, asked, matches) => {
  const one = ingress({ spec: { rules: [rule('a.example', `${path} ${type} web`)] } });
  expect(where([one], 'a.example', asked)).toBe(matches ? 'web' : undefined);
});

test('the longest path counts, and of two as long the exact one', () => {
  const paths = ['/ Prefix root', '/aaa Prefix short', '/aaa/bbb Prefix long', '/aaa/bbb Exact exact'];
  const one = ingress({ spec: { rules: [rule('a.example', ...paths)] } });
  expect(where([one], 'a.example', '/aaa/ccc')).toBe('short');
  expect(where([one], 'a.example', '/aaa/bbb')).toBe('exact');
  expect(where([one], 'a.example', '/aaa/bbb/x')).toBe('long');
  expect(where([one], 'a.example', '/ccc')).toBe('root');
});

test('a host counts before its wildcard, that before rules without a host; a wildcard is one label', () => {
  const rules = [
    rule('shop.example', '/ Prefix own'),
    rule('*.example', '/ Prefix wild'),
    rule(undefined, '/ Prefix any'),
  ];
  const one = ingress({ spec: { rules } });
  expect(where([one], 'shop.example', '/')).toBe('own');
  expect(where([one], 'other.example', '/')).toBe('wild');
  expect(where([one], 'a.other.example', '/')).toBe('any');
  expect(where([one], 'example', '/')).toBe('any');
});

test('what no rule has goes to the default backend of the host’s Ingress, then to that of one without rules, then to any', () => {
  const withOwn = ingress({
    name: 'a',
    spec: { rules: [rule('a.example', '/x Prefix web')], defaultBackend: backend('own') },
  });
  const without = ingress({ name: 'b', spec: { rules: [rule('b.example', '/x Prefix web')] } });
  const forAll = ingress({ name: 'c', spec: { defaultBackend: backend('all') } });
  const every = [withOwn, without, forAll];
  expect(where(every, 'a.example', '/y')).toBe('own');
  expect(where(every, 'b.example', '/y')).toBe('all');
  expect(where(every, 'c.example', '/')).toBe('all');
  expect(where([withOwn, without], 'c.example', '/')).toBe('own');
  expect(where([without], 'c.example', '/')).toBeUndefined();
});

test('the path of a Service that is not there is nobody else’s', () => {
  const missing = resolveUpstream('default', backend('gone'), optionsOf(ingress({ spec: {} })), undefined, []);
  expect(missing).toEqual({ name: 'default/gone:80', protocol: 'http', endpoints: [], next: 0 });
});

test('Ingresses of one host add up; the same path is the elder’s', () => {
  const younger = ingress({
    name: 'a',
    created: '2026-02-01T00:00:00Z',
    spec: { rules: [rule('h', '/ Prefix young', '/y Prefix young')] },
  });
  const elder = ingress({ name: 'b', created: '2026-01-01T00:00:00Z', spec: { rules: [rule('h', '/ Prefix old')] } });
  expect(where([younger, elder], 'h', '/')).toBe('old');
  expect(where([younger, elder], 'h', '/y')).toBe('young');
});

test('a host has TLS when an entry names it, its wildcard, or none', () => {
  const tls = (hosts?: string[]) => {
    const spec = { rules: [rule('a.example', '/ Prefix web')], tls: [{ ...(hosts && { hosts }), secretName: 's' }] };
    return lookUp(
      buildTable([ingress({ spec })], () => 'x'),
      'a.example',
      '/',
    ).tls;
  };
  expect([tls(['a.example']), tls(['*.example']), tls()]).toEqual([true, true, true]);
  expect(tls(['b.example'])).toBe(false);
});
