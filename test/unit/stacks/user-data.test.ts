import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { userData } from '../../../lib/stacks/user-data.ts';
import { debianPackages } from '../../integration/debian-packages.ts';

const script = userData({
  cluster: 'c',
  version: '0.1.0',
  region: 'eu-central-1',
  endpoint: 'https://abc.execute-api.eu-central-1.amazonaws.com/k8s',
  certificateAuthority: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
  serviceCIDR: '10.96.0.0/16',
  bundle: { bucket: 'assets', key: 'abc.zip' },
});

/** What the script writes into a file. */
function written(file: string): string {
  return new RegExp(`cat > ${file} <<'END'\\n([\\s\\S]*?)\\nEND\\n`).exec(script)![1]!;
}

test('is a shell script', () => {
  execFileSync('bash', ['-n'], { input: script });
  expect(script.startsWith('#!/bin/bash\n')).toBe(true);
});

test('shellcheck has nothing to say', () => {
  debianPackages({ shellcheck: 'shellcheck' });
  const folder = mkdtempSync(join(tmpdir(), 'zeroplane-user-data-'));
  writeFileSync(join(folder, 'user-data.sh'), script);
  const { stdout, status } = spawnSync('shellcheck', [join(folder, 'user-data.sh')], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  expect([stdout, status]).toEqual(['', 0]);
}, 120_000);

test('fits what EC2 takes as user data, 16 KB, with an authority of ordinary size', () => {
  expect(script.length + 800).toBeLessThan(16 * 1024);
});

test('tells the agent of its cluster in a file that is JSON, the authority beside it', () => {
  expect(JSON.parse(written('/etc/zeroplane/agent.json'))).toMatchObject({
    provider: 'aws',
    cluster: 'c',
    server: 'https://abc.execute-api.eu-central-1.amazonaws.com/k8s',
    certificateAuthority: '/etc/zeroplane/ca.crt',
    dnsIP: '10.96.0.10',
    leaseDurationSeconds: 160,
  });
  expect(written('/etc/zeroplane/ca.crt')).toContain('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----');
});

test('the agent is started at boot and again whenever it ends, and its containers outlive it', () => {
  const unit = written('/etc/systemd/system/zeroplane-agent.service');
  expect(unit).toMatch(/^Restart=always$/m);
  expect(unit).toMatch(/^KillMode=process$/m);
  expect(unit).toMatch(/^WantedBy=multi-user.target$/m);
  expect(script).toContain('systemctl enable --now zeroplane-agent.service');
});
