/** What a worker's user data is made from; values may be CloudFormation's. */
export interface UserDataOptions {
  cluster: string;
  region: string;
  /** The server of the Kubernetes API. */
  endpoint: string;
  /** PEM of the cluster's authority. */
  certificateAuthority: string;
  serviceCIDR: string;
  nodeQueuePrefix: string;
}

/** The shell script that makes an EC2 instance a node. */
export function userData(options: UserDataOptions): string {
  const config = JSON.stringify(options, null, 2);
  return `#!/bin/bash
set -euo pipefail
install -d -m 700 /etc/zeroplane
cat >/etc/zeroplane/node.json <<'END'
${config}
END
`;
}
