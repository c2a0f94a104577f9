import { createHash } from 'node:crypto';
import { type TarEntry, tar } from './tar.ts';

export interface ImageContent {
  /** Full, with its tag: `docker.io/library/x:1`. */
  name: string;
  architecture: string;
  files: readonly TarEntry[];
  /** The config's `config`, as the OCI image specification names its fields. */
  config: { Entrypoint?: string[]; Cmd?: string[]; Env?: string[]; User?: string; WorkingDir?: string };
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar';

/** An image of one layer as an OCI image layout in a tar archive. Source: OCI image-spec v1, image-layout.md. */
export function ociArchive(image: ImageContent): Buffer {
  const layer = blob(LAYER, tar(image.files));
  const config = blob(CONFIG, json(imageConfig(image, layer.descriptor.digest)));
  const manifest = blob(
    MANIFEST,
    json({ schemaVersion: 2, mediaType: MANIFEST, config: config.descriptor, layers: [layer.descriptor] }),
  );
  // containerd's importer takes the whole name from its own annotation; others read ref.name.
  const annotations = { 'io.containerd.image.name': image.name, 'org.opencontainers.image.ref.name': image.name };
  const index = json({ schemaVersion: 2, manifests: [{ ...manifest.descriptor, annotations }] });
  return tar([
    { path: 'oci-layout', content: json({ imageLayoutVersion: '1.0.0' }) },
    { path: 'index.json', content: index },
    ...[layer, config, manifest].map((b) => b.entry),
  ]);
}

function imageConfig(image: ImageContent, layerDigest: string): object {
  return {
    architecture: image.architecture,
    os: 'linux',
    config: image.config,
    rootfs: { type: 'layers', diff_ids: [layerDigest] },
  };
}

function blob(mediaType: string, content: Buffer) {
  const hex = createHash('sha256').update(content).digest('hex');
  return {
    descriptor: { mediaType, digest: `sha256:${hex}`, size: content.length },
    entry: { path: `blobs/sha256/${hex}`, content },
  };
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
