import type * as runtime from '../runtime-contract.ts';
import type { Connection } from './connection.ts';
import * as convert from './convert.ts';
import * as cri from './cri/api.ts';
import { toSandboxConfig } from './sandbox-calls.ts';

type ImageCalls = Pick<runtime.Runtime, 'imageStatus' | 'listImages' | 'pullImage' | 'removeImage' | 'imageFsInfo'>;

const methods = cri.ImageServiceDefinition.methods;
/** A pull lasts as long as it makes progress, which the runtime watches (image_pull_progress_timeout). */
const NO_TIMEOUT = 0;

export function imageCalls(connection: Connection): ImageCalls {
  return {
    async imageStatus(image) {
      const answer = await connection.call(methods.imageStatus, { image: { image }, verbose: false });
      return answer.image?.id ? fromImage(answer.image) : undefined;
    },
    async listImages() {
      return ((await connection.call(methods.listImages, {})).images ?? []).map(fromImage);
    },
    async pullImage(image, auth, sandboxConfig) {
      const request = { image: { image }, auth, sandboxConfig: sandboxConfig && toSandboxConfig(sandboxConfig) };
      return (await connection.call(methods.pullImage, request, NO_TIMEOUT)).imageRef ?? '';
    },
    async removeImage(image) {
      await connection.call(methods.removeImage, { image: { image } });
    },
    async imageFsInfo() {
      const answer = await connection.call(methods.imageFsInfo, {});
      return (answer.imageFilesystems ?? []).map(convert.fromFilesystem);
    },
  };
}

function fromImage(image: cri.Image): runtime.Image {
  const uid = convert.count(image.uid);
  return {
    id: image.id ?? '',
    repoTags: image.repoTags ?? [],
    repoDigests: image.repoDigests ?? [],
    sizeBytes: Number(image.size ?? 0n),
    ...(uid === undefined ? {} : { uid }),
    ...(image.username ? { username: image.username } : {}),
    pinned: image.pinned ?? false,
  };
}
