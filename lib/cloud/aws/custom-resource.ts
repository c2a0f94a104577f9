/** What CloudFormation sends a custom resource. Source: "Custom resource reference", AWS CloudFormation User Guide. */
export interface CustomResourceEvent {
  RequestType: 'Create' | 'Update' | 'Delete';
  ResponseURL: string;
  StackId: string;
  RequestId: string;
  LogicalResourceId: string;
  PhysicalResourceId?: string;
  ResourceProperties: Record<string, unknown>;
  OldResourceProperties?: Record<string, unknown>;
}

export interface CustomResourceResult {
  /** Another id than before tells CloudFormation that the old resource was replaced and is to be deleted. */
  physicalId: string;
  /** What Fn::GetAtt finds. Kept in the stack: never a secret. */
  attributes?: Record<string, string>;
}

/** A resource that was not made has an id too: CloudFormation asks to delete it. */
export const NEVER_MADE = 'never-made';

export function isCustomResourceEvent(event: unknown): event is CustomResourceEvent {
  return typeof event === 'object' && event !== null && 'RequestType' in event && 'ResponseURL' in event;
}

/** Does the work and tells CloudFormation how it ended: one that hears nothing waits for an hour. */
export async function answerCustomResource(
  event: CustomResourceEvent,
  work: () => Promise<CustomResourceResult>,
): Promise<void> {
  await respond(event, await outcome(event, work));
}

async function outcome(event: CustomResourceEvent, work: () => Promise<CustomResourceResult>): Promise<object> {
  try {
    const { physicalId, attributes } = await work();
    return { Status: 'SUCCESS', PhysicalResourceId: physicalId, ...(attributes && { Data: attributes }) };
  } catch (error) {
    const Reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { Status: 'FAILED', Reason, PhysicalResourceId: event.PhysicalResourceId ?? NEVER_MADE };
  }
}

async function respond(event: CustomResourceEvent, said: object): Promise<void> {
  const { StackId, RequestId, LogicalResourceId } = event;
  const body = JSON.stringify({ StackId, RequestId, LogicalResourceId, ...said });
  // The URL is signed for a request without a content type.
  const response = await fetch(event.ResponseURL, { method: 'PUT', body, headers: { 'content-type': '' } });
  if (!response.ok) throw new Error(`CloudFormation refused the answer: ${response.status}`);
}
