import { existsSync } from 'node:fs';
import { adminClient, isReady } from '../../../lib/cluster/api.ts';
import { readConfig } from '../../../lib/cluster/config.ts';
import type { CommandContext } from '../../../lib/cluster/context.ts';
import { ClusterError } from '../../../lib/cluster/error.ts';
import { withLock } from '../../../lib/cluster/lock.ts';
import type { ClusterPaths } from '../../../lib/cluster/paths.ts';
import { readKeyFile, writeKeyFile } from '../../../lib/storage/encryption/key-file.ts';
import { sealedRows } from '../../../lib/storage/encryption/sealed-rows.ts';
import { rotate } from './rotate.ts';
import { type Sealing, sealingKeys } from './sealing.ts';
import { sealingStatus } from './status.ts';

export async function rotateLocal(paths: ClusterPaths, context: CommandContext): Promise<void> {
  const sealing = localSealing(paths);
  await withLock(paths.lock, async () => {
    if (!(await isReady(sealing.client))) {
      throw new ClusterError('the cluster is not running: zeroplane up starts it');
    }
    await rotate(sealing, context);
  });
}

export function localStatus(paths: ClusterPaths): Promise<string> {
  return sealingStatus(localSealing(paths));
}

/** The control plane reads the file again when it changes: it needs no time to settle. */
function localSealing(paths: ClusterPaths): Sealing {
  const cluster = readConfig(paths.config);
  if (!cluster) throw new ClusterError(`there is no cluster in ${paths.state}`);
  if (!existsSync(paths.encryptionKeys)) {
    throw new ClusterError('the cluster has no encryption keys yet: zeroplane up makes them');
  }
  return {
    ...sealingKeys({
      read: async () => readKeyFile(paths.encryptionKeys),
      write: async (ring) => writeKeyFile(paths.encryptionKeys, ring),
    }),
    staysUntil:
      'until the log has forgotten what was sealed so, some minutes from now: the next rotation or start drops it',
    sealed: async () => sealedRows(paths.database, 'secrets'),
    client: adminClient(cluster, paths),
    settleMs: 0,
  };
}
