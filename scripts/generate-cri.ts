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
import { type DescriptorProto, type FileDescriptorProto, FileDescriptorSet } from 'ts-proto-descriptors';

const RPCS = new Set(
  `Version Status UpdateRuntimeConfig RunPodSandbox StopPodSandbox RemovePodSandbox PodSandboxStatus ListPodSandbox
   CreateContainer StartContainer StopContainer RemoveContainer ListContainers ContainerStatus UpdateContainerResources
   ReopenContainerLog ExecSync Exec Attach PortForward ContainerStats ListContainerStats PodSandboxStats ListPodSandboxStats
   ListImages ImageStatus PullImage RemoveImage ImageFsInfo`.split(/\s+/),
);
const OPTIONS = [
  'outputServices=generic-definitions',
  'outputJsonMethods=false',
  'outputPartialMethods=false',
  'enumsAsLiterals=true',
  'useOptionals=all',
  'forceLong=bigint',
  'esModuleInterop=true',
  'importSuffix=.ts',
  'comments=false',
];

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
  prune(file);
  writeFileSync(pruned, FileDescriptorSet.encode(set).finish());
  execFileSync('protoc', [
    `--descriptor_set_in=${pruned}`,
    `--plugin=${join(root, 'node_modules/.bin/protoc-gen-ts_proto')}`,
    `--ts_proto_out=${join(root, 'agent/runtime/cri')}`,
    `--ts_proto_opt=${OPTIONS.join(',')}`,
    'api.proto',
  ]);
}

/** Keeps only the methods of RPCS and the types that they reach. In place: decoded messages hold their defaults in a prototype. */
function prune(file: FileDescriptorProto): void {
  for (const service of file.service) service.method = service.method.filter((m) => RPCS.has(m.name));
  const reached = new Set<string>();
  const queue = file.service.flatMap((s) => s.method.flatMap((m) => [m.inputType, m.outputType]));
  const messages = new Map(file.messageType.map((m) => [`.${file.package}.${m.name}`, m]));
  for (let name = queue.pop(); name; name = queue.pop()) {
    const top = topLevel(name, file.package);
    if (reached.has(top)) continue;
    reached.add(top);
    const message = messages.get(top);
    if (!message) continue;
    message.field = message.field.filter((f) => !f.typeName.includes('.Windows'));
    queue.push(...typesOf(message));
  }
  const isReached = (type: { name: string }) => reached.has(`.${file.package}.${type.name}`);
  file.messageType = file.messageType.filter(isReached);
  file.enumType = file.enumType.filter(isReached);
}

function typesOf(message: DescriptorProto): string[] {
  return [...message.field.map((f) => f.typeName).filter(Boolean), ...message.nestedType.flatMap(typesOf)];
}

/** `.runtime.v1.Container.LabelsEntry` is inside `.runtime.v1.Container`. */
function topLevel(name: string, packageName: string): string {
  const parts = name.slice(packageName.length + 2).split('.');
  return `.${packageName}.${parts[0]}`;
}
