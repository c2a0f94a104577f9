import { dnsConfigOf, serversFor } from '../../../agent/dns/dns-config.ts';

const MACHINE = ['192.0.2.1'];

test('a stub domain’s names go to its servers, those of a longer one to the longer one’s', () => {
  const stubDomains = '{"corp.example": ["10.0.0.53"], "lab.corp.example.": ["10.0.0.54:5353"]}';
  const config = dnsConfigOf({ data: { stubDomains } });
  expect(serversFor(config, 'www.corp.example', MACHINE)).toEqual(['10.0.0.53']);
  expect(serversFor(config, 'a.lab.corp.example', MACHINE)).toEqual(['10.0.0.54:5353']);
  expect(serversFor(config, 'notcorp.example', MACHINE)).toEqual(MACHINE);
});

test('upstreamNameservers take the place of the machine’s', () => {
  const config = dnsConfigOf({ data: { upstreamNameservers: '["10.0.0.1", "10.0.0.2"]' } });
  expect(serversFor(config, 'example.org', MACHINE)).toEqual(['10.0.0.1', '10.0.0.2']);
});

test.each([
  ['no ConfigMap', undefined],
  ['no JSON', { stubDomains: '{', upstreamNameservers: 'x' }],
  ['no addresses', { stubDomains: '{"a": ["b", 1]}', upstreamNameservers: '["dns.example"]' }],
])('%s leaves everything to the machine’s servers', (_, data) => {
  expect(serversFor(dnsConfigOf(data && { data }), 'a', MACHINE)).toEqual(MACHINE);
});
