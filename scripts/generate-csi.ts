/**
 * Writes agent/volumes/csi/proto/{csi,registration}.ts: what the kubelet's side of CSI calls, and nothing else.
 *
 *   apt-get install protobuf-compiler libprotobuf-dev
 *   node scripts/generate-csi.ts PATH/TO/csi.proto PATH/TO/k8s.io/kubelet/pkg/apis/pluginregistration/v1/api.proto
 *
 * The protos come from the Go modules github.com/container-storage-interface/spec and k8s.io/kubelet.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DescriptorProto, FileDescriptorSet } from 'ts-proto-descriptors';
import { pruneServices, TS_PROTO_OPTIONS } from './protobuf.ts';

/** NodeGetVolumeStats and the controller's calls are the business of others. */
const RPCS = new Set(
  `NodeStageVolume NodeUnstageVolume NodePublishVolume NodeUnpublishVolume NodeExpandVolume NodeGetCapabilities NodeGetInfo
   GetInfo NotifyRegistrationStatus`.split(/\s+/),
);

const root = join(import.meta.dirname, '..');
const [csi, registration] = process.argv.slice(2);
if (!csi || !registration) throw new Error('usage: node scripts/generate-csi.ts CSI.proto REGISTRATION.proto');
const scratch = mkdtempSync(join(tmpdir(), 'generate-csi-'));
try {
  generate(csi, 'csi.proto');
  generate(registration, 'registration.proto');
} finally {
  rmSync(scratch, { recursive: true });
}

function generate(source: string, name: string): void {
  cpSync(source, join(scratch, name));
  const whole = join(scratch, 'whole.pb');
  const pruned = join(scratch, 'pruned.pb');
  execFileSync('protoc', [`-I${scratch}`, `--descriptor_set_out=${whole}`, join(scratch, name)]);
  const set = FileDescriptorSet.decode(readFileSync(whole));
  const file = set.file.find((one) => one.name === name);
  if (!file) throw new Error(`${source} describes nothing`);
  // Marks on fields that change no byte on the wire, and imports for calls that are not made.
  file.extension = [];
  file.dependency = [];
  file.messageType.forEach(withoutOneofs);
  pruneServices(file, RPCS);
  file.service = file.service.filter(({ method }) => method.length > 0);
  writeFileSync(pruned, FileDescriptorSet.encode(set).finish());
  execFileSync('protoc', [
    `--descriptor_set_in=${pruned}`,
    `--plugin=${join(root, 'node_modules/.bin/protoc-gen-ts_proto')}`,
    `--ts_proto_out=${join(root, 'agent/volumes/csi/proto')}`,
    `--ts_proto_opt=${TS_PROTO_OPTIONS.join(',')}`,
    name,
  ]);
}

/** The same on the wire; their first field would be lost, as an index of 0 is not written. */
function withoutOneofs(message: DescriptorProto): void {
  message.oneofDecl = [];
  for (const field of message.field) field.oneofIndex = 0;
  message.nestedType.forEach(withoutOneofs);
}
