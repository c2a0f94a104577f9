/**
 * A small CSI driver for tests, as a process of its own: `node test/csi-driver/main.ts KUBELET_FOLDER NAME DATA_FOLDER`.
 * A volume is a folder below DATA_FOLDER; staging and publishing are bind mounts. Each call is a line of calls.log there.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { NodeServiceCapability_RPC_Type as Capability, NodeDefinition } from '../../agent/volumes/csi/proto/csi.ts';
import { RegistrationDefinition } from '../../agent/volumes/csi/proto/registration.ts';

const [kubelet = '', name = '', data = ''] = process.argv.slice(2);
const seen = '/var/lib/kubelet';
const onHost = (path: string) => path.replace(seen, kubelet);
const socket = join('plugins', name, 'csi.sock');
const registration = join(kubelet, 'plugins_registry', `${name}-reg.sock`);

const node = {
  nodeGetInfo: () => ({ nodeId: `id-of-${name}`, maxVolumesPerNode: 3n, accessibleTopology: undefined }),
  nodeGetCapabilities: () => ({
    capabilities: [Capability.STAGE_UNSTAGE_VOLUME, Capability.EXPAND_VOLUME].map((type) => ({ rpc: { type } })),
  }),
  nodeStageVolume(request: any) {
    const folder = join(data, request.volumeId);
    mkdirSync(folder, { recursive: true });
    mountOnce(folder, onHost(request.stagingTargetPath));
    return {};
  },
  nodeUnstageVolume(request: any) {
    execFileSync('umount', [onHost(request.stagingTargetPath)]);
    return {};
  },
  nodePublishVolume(request: any) {
    const source = request.stagingTargetPath ? onHost(request.stagingTargetPath) : join(data, request.volumeId);
    mkdirSync(source, { recursive: true });
    if (!request.stagingTargetPath) writeFileSync(join(source, 'context'), JSON.stringify(request.volumeContext));
    mountOnce(source, onHost(request.targetPath));
    return {};
  },
  nodeUnpublishVolume(request: any) {
    execFileSync('umount', [onHost(request.targetPath)]);
    rmdirSync(onHost(request.targetPath));
    return {};
  },
  nodeExpandVolume: (request: any) => ({ capacityBytes: request.capacityRange.requiredBytes }),
};

const registrar = {
  getInfo: () => ({ type: 'CSIPlugin', name, endpoint: join(seen, socket), supportedVersions: ['1.0.0'] }),
  notifyRegistrationStatus: () => ({}),
};

function mountOnce(source: string, target: string): void {
  mkdirSync(target, { recursive: true });
  execFileSync('mount', ['--bind', source, target]);
}

/** Generated definitions as grpc-js wants a service. */
function serve(path: string, definition: any, handlers: Record<string, (request: any) => unknown>): Promise<void> {
  const server = new Server();
  const methods = Object.entries<any>(definition.methods).map(([key, method]) => [
    key,
    {
      path: `/${definition.fullName}/${method.name}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: (message: unknown) => Buffer.from(method.requestType.encode(message).finish()),
      requestDeserialize: (bytes: Buffer) => method.requestType.decode(bytes),
      responseSerialize: (message: unknown) => Buffer.from(method.responseType.encode(message).finish()),
      responseDeserialize: (bytes: Buffer) => method.responseType.decode(bytes),
    },
  ]);
  const implementation = Object.fromEntries(
    Object.entries(handlers).map(([key, handle]) => [key, (call: any, done: any) => answer(key, handle, call, done)]),
  );
  server.addService(Object.fromEntries(methods), implementation as any);
  rmSync(path, { force: true });
  return new Promise((resolve, reject) =>
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    ),
  );
}

function answer(method: string, handle: (request: any) => unknown, call: any, done: any): void {
  const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? Number(value) : value);
  appendFileSync(join(data, 'calls.log'), `${method} ${JSON.stringify(call.request, plain)}\n`);
  try {
    done(null, handle(call.request));
  } catch (error) {
    done({ code: 13, details: String(error) });
  }
}

mkdirSync(data, { recursive: true });
mkdirSync(join(kubelet, 'plugins', name), { recursive: true });
mkdirSync(join(kubelet, 'plugins_registry'), { recursive: true });
await serve(join(kubelet, socket), NodeDefinition, node);
await serve(registration, RegistrationDefinition, registrar);
process.on('SIGTERM', () => {
  rmSync(registration, { force: true });
  process.exit(0);
});
console.log('serving');
