// Follows a job live: whatever the network does, its frames come once each and in order.

import type { Frame } from "../progress/messages";
import { Ladder } from "./ladder";
import { pollTransport } from "./poll";
import { Position } from "./position";
import { socketTransport } from "./socket";
import { sseTransport } from "./sse";
import { type Connection, Status } from "./status";
import type { Gone, World } from "./transport";

export interface Listener {
  frame(frame: Frame): void;
  connection(state: Connection): void;
  /** Nothing more will come: the job is not there, or a token is needed. */
  gone(why: Gone): void;
}

export interface Start {
  jobId: string;
  cursor: string | null;
  seq: number;
}

/** Follow a job from a cursor until the returned function is called. */
export function follow(start: Start, listener: Listener, world: World = browser()): () => void {
  const transports = {
    socket: socketTransport(start.jobId, world),
    sse: sseTransport(start.jobId, world),
    poll: pollTransport(start.jobId, world),
  };
  const status = new Status((state) => listener.connection(state));
  const ladder = new Ladder(transports, new Position(start.cursor, start.seq), status, {
    frame: (frame) => listener.frame(frame),
    gone: (why) => listener.gone(why),
    random: world.random,
  });
  const changed = () => ladder.reconnect();
  const shown = () => ladder.hurry();
  void ladder.run();
  globalThis.addEventListener?.("online", changed);
  globalThis.addEventListener?.("offline", changed);
  globalThis.document?.addEventListener("visibilitychange", shown);
  return () => {
    globalThis.removeEventListener?.("online", changed);
    globalThis.removeEventListener?.("offline", changed);
    globalThis.document?.removeEventListener("visibilitychange", shown);
    ladder.close();
  };
}

function browser(): World {
  return {
    WebSocket: globalThis.WebSocket,
    fetch: (input, init) => globalThis.fetch(input, init),
    origin: location.origin,
    random: Math.random,
  };
}
