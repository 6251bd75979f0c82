// Messages over server-sent events, read as bytes: `EventSource` would hide the heartbeats, which are comments.

import { errorOfStatus } from "./close_codes";
import { dataOf } from "./server_sent";
import { BlockedError, type Message, type Open, type World } from "./transport";
import { Watchdog } from "./watchdog";

export function sseTransport(jobId: string, world: World): Open {
  const url = `${world.origin}/api/jobs/${jobId}/events`;
  // Without a cursor the answer begins with a snapshot: a proxy that holds bytes back is found out.
  return (_, signal) => messagesOf(url, world, signal);
}

async function* messagesOf(url: string, world: World, signal: AbortSignal): AsyncGenerator<Message> {
  const own = new AbortController();
  const watchdog = new Watchdog(() => own.abort());
  let opened = false;
  try {
    const response = await world.fetch(url, {
      signal: AbortSignal.any([signal, own.signal]),
      headers: { accept: "text/event-stream" },
      cache: "no-store",
    });
    if (!response.ok || !response.body) throw errorOfStatus(response.status) ?? new BlockedError(response.statusText);
    for await (const data of dataOf(response.body)) {
      watchdog.hear();
      if (!opened) yield { kind: "opened" };
      opened = true;
      yield data === undefined ? { kind: "heartbeat" } : (JSON.parse(data) as Message);
    }
    if (!opened) throw new BlockedError("nothing came");
  } finally {
    watchdog.stop();
    own.abort();
  }
}
