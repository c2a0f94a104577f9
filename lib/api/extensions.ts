/**
 * What Zeroplane's own programs say to its apiserver and its agents beyond the Kubernetes API, all of it in headers: clients that do not know
 * them lose nothing. They carry what request/response transports (API Gateway) cannot: watches that end when they have caught up, and
 * connections cut into requests. See docs/decisions/2026-11-25-aws-shape.md.
 */

/** On a watch: `catch-up` ends it as soon as it has told of everything there is, with a bookmark that says up to where. */
export const WATCH_HEADER = 'zeroplane-watch';
export const CATCH_UP = 'catch-up';

/** On pods/exec, attach, portforward and log: what is done with a session. Absent: the usual request. */
export const SESSION_HEADER = 'zeroplane-session';
export type SessionVerb = 'open' | 'send' | 'receive' | 'close';

/** Which session: `NODE/ID`, as the answer to `open` named it. */
export const SESSION_ID_HEADER = 'zeroplane-session-id';

/** How many bytes came before those of this message, as in TCP: a message sent twice counts once. */
export const OFFSET_HEADER = 'zeroplane-offset';

/** `true`: nothing follows in this direction. */
export const END_HEADER = 'zeroplane-end';

/** How long `receive` may wait for something to tell. */
export const WAIT_HEADER = 'zeroplane-wait-seconds';

/** From the apiserver to an agent only: whose session it is, and of what (`exec/NAMESPACE/POD`). */
export const OWNER_HEADER = 'zeroplane-owner';
export const SUBJECT_HEADER = 'zeroplane-subject';

/** The answer to `open`, as JSON. */
export interface SessionOpened {
  node: string;
  id: string;
}

/** The body of `open`: the upgrade that the client asked for. Of a log there is none. */
export interface SessionRequest {
  method: string;
  headers: Record<string, string>;
}

/** A message's content at most. Lambda takes and answers 6 MB with base64; Kubernetes' own request limit is 3 MiB. */
export const MAX_SESSION_MESSAGE_BYTES = 2 * 1024 * 1024;
