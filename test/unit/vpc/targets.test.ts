import { targetsWithin } from '../../../functions/vpc/targets.ts';

const check = targetsWithin(['10.0.0.0/16', 'fd12:3456::/48', '169.254.0.0/16', '127.0.0.0/8', '::/0']);

test.each([
  'https://10.0.1.5:10250/exec/default/web/main?command=sh',
  'http://10.0.255.255/',
  'https://[fd12:3456::1]:8443/',
])('%s is within the cluster', (url) => expect(check(new URL(url))).toBeUndefined());

test.each([
  ['http://10.1.0.1/', 'another network'],
  ['http://8.8.8.8/', 'the internet'],
  ['http://169.254.169.254/latest/meta-data/', 'instance metadata, though a range holds it'],
  ['http://[fd00:ec2::254]/latest/meta-data/', 'instance metadata over IPv6'],
  ['http://169.254.170.2/v2/credentials', 'a task’s credentials'],
  ['http://0xa9fea9fe/', 'instance metadata in another form'],
  ['http://2852039166/', 'instance metadata as one number'],
  ['http://[::ffff:10.0.1.5]/', 'an IPv4 address in IPv6’s clothes'],
  ['http://[::ffff:169.254.169.254]/', 'instance metadata in IPv6’s clothes'],
  ['http://127.0.0.1:9001/2018-06-01/runtime/invocation/next', 'the function’s own runtime'],
  ['http://[::1]/', 'the function itself'],
  ['http://0.0.0.0/', 'the function itself, unspecified'],
  ['http://[fe80::1]/', 'the link'],
  ['http://[64:ff9b::a9fe:a9fe]/', 'instance metadata through NAT64'],
  ['http://localhost/', 'a name'],
  ['http://metadata.internal/', 'a name'],
  ['http://10.0.1.5.nip.example/', 'a name that looks like an address'],
  ['ftp://10.0.1.5/', 'another protocol'],
  ['file:///etc/passwd', 'a file'],
  ['http://user@10.0.1.5/', 'a user'],
])('%s is not: %s', (url) => expect(check(new URL(url))).toEqual(expect.any(String)));

test('without ranges nothing is', () =>
  expect(targetsWithin([])(new URL('http://10.0.1.5/'))).toEqual(expect.any(String)));
