/**
 * Writes agent/runtime/cri/api.ts: the CRI messages and services that the agent calls, and nothing else.
 *
 *   apt-get install protobuf-compiler
 *   node scripts/generate-cri.ts PATH/TO/k8s.io/cri-api/pkg/apis/runtime/v1/api.proto
 *
 * The proto comes from the Go module k8s.io/cri-api. It is pruned to what the RPCs below reach before code is generated:
 * a fifth of the whole, which the agent loads at every start.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileDescriptorSet } from 'ts-proto-descriptors';
import { pruneServices, TS_PROTO_OPTIONS } from './protobuf.ts';

const RPCS = new Set(
  `Version Status UpdateRuntimeConfig RunPodSandbox StopPodSandbox RemovePodSandbox PodSandboxStatus ListPodSandbox
   CreateContainer StartContainer StopContainer RemoveContainer ListContainers ContainerStatus UpdateContainerResources
   ReopenContainerLog ExecSync Exec Attach PortForward ContainerStats ListContainerStats PodSandboxStats ListPodSandboxStats
   ListImages ImageStatus PullImage RemoveImage ImageFsInfo`.split(/\s+/),
);
const root = join(import.meta.dirname, '..');
const proto = process.argv[2];
if (!proto) throw new Error('usage: node scripts/generate-cri.ts PATH/TO/api.proto');
const scratch = mkdtempSync(join(tmpdir(), 'generate-cri-'));
try {
  generate(proto, scratch);
} finally {
  rmSync(scratch, { recursive: true });
}

function generate(path: string, folder: string): void {
  const whole = join(folder, 'whole.pb');
  const pruned = join(folder, 'pruned.pb');
  const copy = join(folder, 'api.proto');
  // Debian 12's protoc 3.21 does not know debug_redact (protobuf 22), which changes no byte on the wire.
  writeFileSync(copy, readFileSync(path, 'utf8').replaceAll('[debug_redact = true]', ''));
  execFileSync('protoc', [`-I${folder}`, `--descriptor_set_out=${whole}`, copy]);
  const set = FileDescriptorSet.decode(readFileSync(whole));
  const file = set.file[0];
  if (!file) throw new Error(`${path} describes nothing`);
  pruneServices(file, RPCS, (field) => !field.typeName.includes('.Windows'));
  writeFileSync(pruned, FileDescriptorSet.encode(set).finish());
  execFileSync('protoc', [
    `--descriptor_set_in=${pruned}`,
    `--plugin=${join(root, 'node_modules/.bin/protoc-gen-ts_proto')}`,
    `--ts_proto_out=${join(root, 'agent/runtime/cri')}`,
    `--ts_proto_opt=${TS_PROTO_OPTIONS.join(',')}`,
    'api.proto',
  ]);
}
