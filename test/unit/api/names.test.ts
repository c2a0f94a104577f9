import * as names from '../../../lib/api/names.ts';

const subdomain = String.raw`[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*`;

const cases: [names.FormatCheck, string, string[]][] = [
  [names.dns1123Label, 'my-name', []],
  [names.dns1123Label, 'my.name', ['must not contain dots']],
  [
    names.dns1123Label,
    'My',
    [
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ],
  ],
  [names.dns1123Label, 'a'.repeat(64), ['must be no more than 63 characters']],
  [names.dns1123Subdomain, 'a.b-c', []],
  [
    names.dns1123Subdomain,
    'a_b',
    [
      `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain}')`,
    ],
  ],
  [names.labelValue, '', []],
  [names.labelValue, 'a'.repeat(64), ['must be no more than 63 bytes']],
  [names.qualifiedName, 'example.com/My_Name', []],
  [
    names.qualifiedName,
    '/',
    [
      'prefix part must be non-empty',
      'name part must be non-empty',
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
  ],
  [names.portName, 'a--b', ['must not contain consecutive hyphens']],
  [names.configMapKey, '..', ["must not be '..'"]],
  [names.configMapKey, 'game.properties', []],
  [names.pathSegment, 'system:node%', ["may not contain '%'"]],
  [names.relaxedEnvVarName, '1 A', []],
];

test.each(cases)('%p of %j', (check, value, faults) => {
  expect(check(value)).toEqual(faults);
});
