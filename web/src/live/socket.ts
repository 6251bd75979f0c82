// Messages over a WebSocket.

import { errorOfClose } from "./close_codes";
import { BlockedError, type Message, type Open, type World, afterCursor } from "./transport";
import { Watchdog } from "./watchdog";

// Several frames in a message, one to a line: a message for each would leave a browser no time to draw.
const LINES = "viralclip.lines.v1";

export function socketTransport(jobId: string, world: World): Open {
  const url = `${world.origin.replace(/^http/, "ws")}/api/jobs/${jobId}/live`;
  return (cursor, signal) => messagesOf(new world.WebSocket(url + afterCursor(cursor), LINES), signal);
}

async function* messagesOf(socket: WebSocket, signal: AbortSignal): AsyncGenerator<Message> {
  const inbox = new Inbox();
  const watchdog = new Watchdog(() => inbox.end(inbox.isEmpty ? new BlockedError("nothing came") : null));
  const aborted = () => inbox.end(null);
  let opened = false;
  socket.onopen = () => {
    opened = true;
    watchdog.hear();
    inbox.open();
  };
  socket.onmessage = ({ data }) => {
    watchdog.hear();
    inbox.put((data as string).split("\n").map((line) => JSON.parse(line) as Message));
  };
  socket.onclose = ({ code }) => inbox.end(errorOfClose(code) ?? (opened ? null : new BlockedError("did not open")));
  signal.addEventListener("abort", aborted);
  if (signal.aborted) aborted();
  try {
    for (;;) {
      const batch = await inbox.take();
      if (!batch) return;
      for (const message of batch) yield message;
    }
  } finally {
    watchdog.stop();
    signal.removeEventListener("abort", aborted);
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}

/** What came and was not taken yet; what came before the end is taken first. */
class Inbox {
  isEmpty = true;
  #waiting: Message[] = [];
  #end: { error: Error | null } | null = null;
  #wake = () => {};

  open(): void {
    this.#waiting.push({ kind: "opened" });
    this.#wake();
  }

  put(messages: Message[]): void {
    this.isEmpty = false;
    this.#waiting.push(...messages);
    this.#wake();
  }

  end(error: Error | null): void {
    this.#end ??= { error };
    this.#wake();
  }

  /** The next messages; null at the end. */
  async take(): Promise<Message[] | null> {
    if (!this.#waiting.length && !this.#end) await new Promise<void>((resolve) => (this.#wake = resolve));
    if (this.#waiting.length) return this.#waiting.splice(0);
    if (this.#end?.error) throw this.#end.error;
    return null;
  }
}
