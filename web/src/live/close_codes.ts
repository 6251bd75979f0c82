// What the end of a line means: the close codes of the WebSocket, and the statuses of HTTP they stand for.

import { BlockedError, type Gone, RefusedError } from "./transport";

// A socket that is refused closes with 4000 and the status that HTTP would have answered.
const REFUSED = 4000;
const GONE: Record<number, Gone> = { 401: "unauthorized", 404: "not_found" };
const TOO_MANY = 429;

/** The error that a socket's end is; null for one that is worth another try at the cursor. */
export function errorOfClose(code: number): Error | null {
  return errorOfStatus(code - REFUSED);
}

/** The error that an answer's status is; null for one that says nothing about the job. */
export function errorOfStatus(status: number): Error | null {
  const why = GONE[status];
  if (why) return new RefusedError(why);
  return status === TOO_MANY ? new BlockedError("too many views at once") : null;
}
