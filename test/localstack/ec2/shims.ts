/**
 * What an Amazon Linux machine has and this one has not, for user data: its package manager, the AWS CLI as far as it is used, and systemd as far as
 * one service needs it. Everything else of user data runs as it is.
 */
export interface ShimSettings {
  /** LocalStack, as the machine reaches it. */
  endpoint: string;
  /** The Node.js that the package nodejs24 would bring. */
  node: string;
  /** Environment of the machine's services. */
  environment: Readonly<Record<string, string>>;
}

/** Programs of the packages: they are on this machine, or a test could not run here. */
const PROGRAMS = 'containerd runc nft conntrack ip unzip';

export function shims({ endpoint, node, environment }: ShimSettings): Record<string, string> {
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}='${value}'`);
  return {
    dnf: `#!/bin/bash
[ "$1" = install ] || exit 1
for program in ${PROGRAMS}; do command -v "$program" >/dev/null || { echo "no $program on this machine" >&2; exit 1; }; done
`,
    aws: `#!/bin/bash
# aws s3 cp --region REGION s3://BUCKET/KEY FILE
[ "$1 $2" = "s3 cp" ] || exit 1
exec curl --silent --show-error --fail --output "$6" "${endpoint}/\${5#s3://}"
`,
    systemctl: `#!/bin/bash
set -euo pipefail
[ "$1" != daemon-reload ] || exit 0
[ "$1 $2" = "enable --now" ] || exit 1
exec setsid --fork zeroplane-service "/etc/systemd/system/$3" </dev/null >/dev/null 2>&1
`,
    'zeroplane-service': `#!/bin/bash
# Runs a unit's ExecStart with its Environment again and again, as Restart=always.
${exports.join('\n')}
unit=$1
pause=$(sed -n 's/^RestartSec=//p' "$unit")
command=$(sed -n 's#^ExecStart=##p' "$unit" | sed 's#^/usr/bin/node-24#${node}#')
environment=$(sed -n 's/^Environment=//p' "$unit")
while true; do
  # shellcheck disable=SC2086
  env $environment $command >>/var/log/zeroplane-service.log 2>&1
  sleep "$pause"
done
`,
  };
}
