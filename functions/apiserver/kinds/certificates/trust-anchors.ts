import { X509Certificate } from 'node:crypto';
import { type PemBlock, pemBlocks } from './pem.ts';

const MAX_BYTES = 1 << 20;

/** What is wrong with a bundle of trust anchors. Source: validateTrustBundle in k8s.io/kubernetes/pkg/apis/certificates/validation. */
export function trustBundleFaults(bundle: string): string[] {
  const blocks = [...pemBlocks(bundle)];
  const faults = blocks.flatMap((block, i) => anchorFault(block, i) ?? []);
  if (faults.length > 0) return faults;
  return blocks.length === 0 ? ['at least one trust anchor must be provided'] : duplicates(blocks);
}

export const isTooLargeBundle = (bundle: string): boolean => bundle.length > MAX_BYTES;
export const TRUST_BUNDLE_MAX_BYTES = MAX_BYTES;

function anchorFault({ type, body }: PemBlock, i: number): string | undefined {
  if (type !== 'CERTIFICATE') return `entry ${i} has bad block type: ${type}`;
  if (body.includes(':')) return `entry ${i} has PEM block headers`;
  const certificate = parsed(body);
  if (!certificate) return `entry ${i} does not parse as X.509`;
  return certificate.ca ? undefined : `entry ${i} does not have the CA bit set`;
}

function parsed(body: string): X509Certificate | undefined {
  try {
    return new X509Certificate(Buffer.from(body, 'base64'));
  } catch {
    return undefined;
  }
}

function duplicates(blocks: PemBlock[]): string[] {
  const indices = new Map<string, number[]>();
  blocks.forEach(({ body }, i) => {
    const key = body.replaceAll(/\s/g, '');
    indices.set(key, [...(indices.get(key) ?? []), i]);
  });
  return [...indices.values()]
    .filter(({ length }) => length > 1)
    .map((same) => `duplicate trust anchor (indices [${same.join(' ')}])`);
}
