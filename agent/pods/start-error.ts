/** Why a container could not be started, in the words that its status shows. */
export type StartReason =
  | 'CreateContainerConfigError'
  | 'CreateContainerError'
  | 'RunContainerError'
  | 'PostStartHookError'
  | 'ErrImagePull'
  | 'ImagePullBackOff'
  | 'ErrImageNeverPull'
  | 'ImageInspectError'
  | 'InvalidImageName'
  | 'CrashLoopBackOff';

export class StartError extends Error {
  readonly reason: StartReason;
  /** When it is worth trying again; absent: after the usual wait. */
  readonly retryAtMs: number | undefined;

  constructor(reason: StartReason, message: string, options: ErrorOptions & { retryAtMs?: number } = {}) {
    super(message, options);
    this.name = 'StartError';
    this.reason = reason;
    this.retryAtMs = options.retryAtMs;
  }
}

export function configError(message: string): StartError {
  return new StartError('CreateContainerConfigError', message);
}
