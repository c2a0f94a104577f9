/** What a worker's user data is made from; values may be CloudFormation's. */
export interface UserDataOptions {
  cluster: string;
  /** Zeroplane's own. */
  version: string;
  region: string;
  /** The server of the Kubernetes API. */
  endpoint: string;
  /** PEM of the cluster's authority. */
  certificateAuthority: string;
  serviceCIDR: string;
  /** The agent's bundle, a zip file. */
  bundle: { bucket: string; key: string };
}

const DNS_DOMAIN = 'cluster.local';
/** Told every 40 seconds that a node lives: some 0.65 dollars a node and month, where every 10 seconds would be 2.6. It counts as dead after 200. */
const LEASE_SECONDS = 160;
/** Names in the repositories of Amazon Linux 2023. */
const PACKAGES = 'containerd runc cni-plugins nftables conntrack-tools iproute unzip nodejs24';

/** The shell script that makes an EC2 instance a node: it installs the agent, which joins by itself. */
export function userData(options: UserDataOptions): string {
  const { bucket, key } = options.bundle;
  return `#!/bin/bash
set -euo pipefail

for attempt in 1 2 3 4 5; do
  dnf install --assumeyes --setopt=install_weak_deps=False ${PACKAGES} && break
  sleep $((attempt * 5))
done

install -d -m 755 /opt/zeroplane
aws s3 cp --region ${options.region} 's3://${bucket}/${key}' /opt/zeroplane/agent.zip
unzip -q -o /opt/zeroplane/agent.zip -d /opt/zeroplane
for folder in /usr/libexec/cni /opt/cni/bin /usr/lib/cni; do
  if [ -x "$folder/ptp" ]; then ln -sfn "$folder" /opt/zeroplane/cni; fi
done

install -d -m 700 /etc/zeroplane
cat > /etc/zeroplane/ca.crt <<'END'
${options.certificateAuthority}
END
cat > /etc/zeroplane/agent.json <<'END'
${JSON.stringify(agentConfig(options), undefined, 2)}
END
cat > /etc/systemd/system/zeroplane-agent.service <<'END'
${UNIT}
END
systemctl daemon-reload
systemctl enable --now zeroplane-agent.service
`;
}

/** bin/compose/aws-node/config.ts says what each is for. */
function agentConfig({ cluster, version, endpoint, serviceCIDR }: UserDataOptions): object {
  return {
    provider: 'aws',
    version,
    cluster,
    server: endpoint,
    certificateAuthority: '/etc/zeroplane/ca.crt',
    serviceCIDR,
    dnsDomain: DNS_DOMAIN,
    dnsIP: addressAt(serviceCIDR, 10),
    folder: '/var/lib/zeroplane',
    logs: '/var/log/pods',
    cniBinaries: '/opt/zeroplane/cni',
    leaseDurationSeconds: LEASE_SECONDS,
  };
}

/** The address of a range that is so many after its first. */
function addressAt(range: string, offset: number): string {
  const parts = range.split('/')[0]!.split('.').map(Number);
  const address = parts.reduce((sum, part) => sum * 256 + part, 0) + offset;
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** KillMode: an agent that ends leaves its containers running, and finds them again. */
const UNIT = `[Unit]
Description=Zeroplane node agent
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Environment=MALLOC_ARENA_MAX=2 NODE_COMPILE_CACHE=/var/cache/zeroplane
ExecStart=/usr/bin/node-24 --max-semi-space-size=2 --no-warnings /opt/zeroplane/agent.js /etc/zeroplane/agent.json
Restart=always
RestartSec=2
KillMode=process
Delegate=yes
LimitNOFILE=1048576
TasksMax=infinity
OOMScoreAdjust=-900

[Install]
WantedBy=multi-user.target`;
