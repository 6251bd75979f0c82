// Messages by asking every few seconds what came after the cursor.

import { pause } from "./backoff";
import { errorOfStatus } from "./close_codes";
import type { EventPage } from "../api.gen";
import { type Message, OPEN_MS, type Open, type World, afterCursor } from "./transport";

const POLL_MS = 2_000;

/** Each answer brings its events, the last one the progress, too, and then a heartbeat; it ends with the first that fails. */
export function pollTransport(jobId: string, world: World): Open {
  const url = `${world.origin}/api/jobs/${jobId}/events?limit=1000&progress=true`;
  return async function* (cursor, signal) {
    for (let seq = 0, at = cursor; !signal.aborted; ) {
      const page = await fetchPage(url + afterCursor(at, "&"), world, signal);
      seq = page.kind === "reset" ? 0 : Math.max(seq, ...page.events.map((envelope) => envelope.seq));
      at = page.cursor;
      yield* messagesOf(page, seq);
      if (!page.more) await pause(POLL_MS, signal);
    }
  };
}

async function fetchPage(url: string, world: World, signal: AbortSignal): Promise<EventPage> {
  const response = await world.fetch(url, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(OPEN_MS)]),
    headers: { accept: "application/json" },
    cache: "no-store",
  });
  if (!response.ok) throw errorOfStatus(response.status) ?? new Error(response.statusText);
  return (await response.json()) as EventPage;
}

function* messagesOf(page: EventPage, seq: number): Generator<Message> {
  const { cursor, progress } = page;
  yield { kind: "opened" };
  for (const envelope of page.events) yield { kind: "event", cursor, envelope };
  // The progress was read before the events: it may know less than they say.
  if (progress && page.kind === "reset") yield { kind: "reset", cursor, progress };
  else if (progress && progress.seq >= seq) yield { kind: "snapshot", cursor, progress };
  yield { kind: "heartbeat" };
}
