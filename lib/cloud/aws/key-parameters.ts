import type { KeyPair } from '../../pki/certificate.ts';
import type { KeyRing } from '../../storage/encryption/key-ring.ts';

/** The parameters under `/zeroplane/CLUSTER/`, named as kubeadm names its files. All are SecureStrings but those that end in `.crt`. */
export const KEYS = {
  /** KeyPair: signs nodes' serving certificates and the apiserver's client certificate. */
  authority: 'ca',
  authorityCertificate: 'ca.crt',
  /** KeyPair: signs what the apiserver shows to aggregated servers. */
  frontProxyAuthority: 'front-proxy-ca',
  frontProxyCertificate: 'front-proxy-ca.crt',
  /** SigningKey: signs ServiceAccount tokens. */
  serviceAccount: 'sa',
  /** KeyPair: what the apiserver shows to agents. */
  kubeletClient: 'apiserver-kubelet-client',
  /** KeyRing: encrypts Secrets, or says which keys of KMS do. */
  secrets: 'secrets',
} as const;

export interface SigningKey {
  /** PEM. */
  key: string;
  /** PEM, public: keys that signed before. Newest first. */
  previous: string[];
}

/** What the apiserver holds. */
export interface ClusterKeys {
  authorityCertificate: string;
  frontProxyCertificate: string;
  serviceAccount: SigningKey;
  kubeletClient: KeyPair;
  secrets: KeyRing;
}

export const APISERVER_KEYS: readonly string[] = [
  KEYS.authorityCertificate,
  KEYS.frontProxyCertificate,
  KEYS.serviceAccount,
  KEYS.kubeletClient,
  KEYS.secrets,
];

export function clusterKeys(parameters: ReadonlyMap<string, string>): ClusterKeys {
  const text = (name: string) => {
    const value = parameters.get(name);
    if (value === undefined) throw new Error(`the cluster has no key ${name}`);
    return value;
  };
  return {
    authorityCertificate: text(KEYS.authorityCertificate),
    frontProxyCertificate: text(KEYS.frontProxyCertificate),
    serviceAccount: JSON.parse(text(KEYS.serviceAccount)),
    kubeletClient: JSON.parse(text(KEYS.kubeletClient)),
    secrets: JSON.parse(text(KEYS.secrets)),
  };
}
