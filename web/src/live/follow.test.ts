import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { follow } from "./follow";
import type { Connection } from "./status";
import type { Gone, World } from "./transport";
import { noProgress } from "../progress/job";
import type { Frame } from "../progress/messages";

class Socket {
  static all: Socket[] = [];
  static refuse = false;
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor(
    readonly url: string,
    readonly protocols?: string,
  ) {
    Socket.all.push(this);
    setTimeout(() => (Socket.refuse ? this.onclose?.({ code: 1006 }) : this.onopen?.()), 1);
  }

  close(): void {}

  say(...frames: object[]): void {
    this.onmessage?.({ data: frames.map((frame) => JSON.stringify(frame)).join("\n") });
  }

  static get last(): Socket {
    return Socket.all.at(-1)!;
  }
}

const told = (seq: number) => ({
  kind: "event",
  cursor: `e-${seq}`,
  envelope: { job_id: "j", seq, at: "", trace_id: "", event: { type: "log", level: "info", message: "" } },
});
const snapshot = (seq: number) => ({ kind: "snapshot", cursor: `e-${seq}`, progress: { ...noProgress("j"), seq } });

let http: (url: string, accept: string) => Promise<Response>;
let frames: Frame[];
let states: Connection[];
let ends: Gone[];
let stop: () => void;

function begin(cursor: string | null = "e-1", seq = 1): void {
  const world: World = {
    WebSocket: Socket as unknown as typeof WebSocket,
    fetch: ((url: string, init: RequestInit) =>
      http(url, new Headers(init.headers).get("accept")!)) as typeof fetch,
    origin: "http://here",
    random: () => 1,
  };
  const listener = {
    frame: (frame: Frame) => frames.push(frame),
    connection: (state: Connection) => states.push(state),
    gone: (why: Gone) => ends.push(why),
  };
  stop = follow({ jobId: "j", cursor, seq }, listener, world);
}

const page = (body: object) => Promise.resolve(new Response(JSON.stringify(body)));
const withoutStreams = (status: number, answer: (url: string) => Promise<Response>) => (url: string, accept: string) =>
  accept.includes("event-stream") ? Promise.resolve(new Response(null, { status })) : answer(url);
const elapse = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  [frames, states, ends] = [[], [], []];
  Socket.all = [];
  Socket.refuse = false;
  http = () => Promise.reject(new Error("down"));
});

afterEach(() => {
  stop();
  vi.useRealTimers();
});

test("a socket opens at the cursor and is live once it is quiet", async () => {
  begin("e-7", 7);
  await elapse(300);

  expect(Socket.last.url).toBe("ws://here/api/jobs/j/live?after=e-7");
  expect(states).toEqual(["connecting", "live"]);
});

test("a dropped socket comes back at the last event it told", async () => {
  begin();
  await elapse(300);
  Socket.last.say(told(2));
  Socket.last.onclose?.({ code: 1006 });
  await elapse(2_000);

  expect(Socket.all.map((socket) => socket.url.split("=")[1])).toEqual(["e-1", "e-2"]);
  expect(states).toEqual(["connecting", "live", "catching_up", "live"]);
});

test("a message brings one frame or several, in their order, as the page asks for", async () => {
  begin();
  await elapse(300);
  Socket.last.say(told(2), told(3));
  Socket.last.say(told(4));
  await elapse(0);

  expect(Socket.last.protocols).toBe("viralclip.lines.v1");
  expect(frames.map((frame) => frame.cursor)).toEqual(["e-2", "e-3", "e-4"]);
});

test("a hole in the numbers asks for the whole progress", async () => {
  begin();
  await elapse(300);
  Socket.last.say(told(4));
  await elapse(2_000);

  expect(frames).toEqual([]);
  expect(Socket.last.url).toBe("ws://here/api/jobs/j/live");
});

test("a silent line is given up", async () => {
  begin();
  await elapse(39_000);
  expect(Socket.all.length).toBe(1);
  await elapse(3_000);

  expect(Socket.all.length).toBe(2);
});

test("heartbeats keep a quiet line", async () => {
  begin();
  for (let beat = 0; beat < 10; beat += 1) {
    await elapse(15_000);
    Socket.last.say({ kind: "heartbeat" });
  }

  expect(Socket.all.length).toBe(1);
});

test("a server that is down shows as offline, and the page recovers by itself", async () => {
  Socket.refuse = true;
  begin();
  await elapse(5_000);
  expect(states.at(-1)).toBe("offline");
  Socket.refuse = false;
  await elapse(20_000);

  expect(states.at(-1)).toBe("live");
});

test("blocked sockets fall back to a stream", async () => {
  Socket.refuse = true;
  http = (_, accept) =>
    accept.includes("event-stream")
      ? Promise.resolve(streaming(`id: e-1\nevent: snapshot\ndata: ${JSON.stringify(snapshot(1))}\n\n`))
      : page({ kind: "events", events: [], progress: { ...noProgress("j"), seq: 1 }, cursor: "e-1" });
  begin();
  await elapse(5_000);

  expect(states.at(-1)).toBe("live");
  expect(frames.at(-1)?.kind).toBe("snapshot");
});

test("where streams are held back too, the page polls", async () => {
  Socket.refuse = true;
  http = withoutStreams(502, () => page({ kind: "events", events: [told(2).envelope], progress: { ...noProgress("j"), seq: 2 }, cursor: "e-2" }));
  begin();
  await elapse(6_000);

  expect(states.at(-1)).toBe("polling");
  expect(frames.slice(0, 2).map((frame) => frame.kind)).toEqual(["event", "snapshot"]);
});

test("a page that polls asks for page after page at once, and draws the progress that comes with the last", async () => {
  Socket.refuse = true;
  const asked: string[] = [];
  http = withoutStreams(502, (url) => {
    asked.push(url);
    return url.endsWith("after=e-2")
      ? page({ kind: "events", events: [], progress: { ...noProgress("j"), seq: 2 }, cursor: "e-2", more: false })
      : page({ kind: "events", events: [told(2).envelope], progress: null, cursor: "e-2", more: true });
  });
  begin();
  await elapse(6_000);

  const events = "http://here/api/jobs/j/events?limit=1000&progress=true";
  expect(asked.slice(0, 2)).toEqual([`${events}&after=e-1`, `${events}&after=e-2`]);
  expect(frames.slice(0, 2).map((frame) => frame.kind)).toEqual(["event", "snapshot"]);
});

test("a page that polls returns to the socket once they work", async () => {
  Socket.refuse = true;
  http = withoutStreams(502, () => page({ kind: "events", events: [], progress: { ...noProgress("j"), seq: 1 }, cursor: "e-1" }));
  begin();
  await elapse(10_000);
  Socket.refuse = false;
  await elapse(15_000);
  Socket.last.say(snapshot(1));
  await elapse(1_000);

  expect(states.at(-1)).toBe("live");
});

test("the socket that is tried beside the fallback is the one that stays, at the position of the page", async () => {
  Socket.refuse = true;
  http = withoutStreams(502, () => page({ kind: "events", events: [told(2).envelope], progress: { ...noProgress("j"), seq: 2 }, cursor: "e-2" }));
  begin();
  await elapse(10_000);
  const refused = Socket.all.length;
  Socket.refuse = false;
  await elapse(15_000);
  Socket.last.say(told(2), told(3));
  await elapse(60);
  const asked = vi.fn(http);
  http = asked;
  await elapse(10_000);

  expect(Socket.all.slice(refused).map((socket) => socket.url)).toEqual(["ws://here/api/jobs/j/live?after=e-2"]);
  expect(frames.filter((frame) => frame.kind === "event").map((frame) => frame.cursor)).toEqual(["e-2", "e-3"]);
  expect(states.at(-1)).toBe("live");
  expect(asked).not.toHaveBeenCalled();
});

test("where a proxy accepts sockets and swallows what they bring, the page polls", async () => {
  http = withoutStreams(502, () => page({ kind: "events", events: [], progress: { ...noProgress("j"), seq: 1 }, cursor: "e-1" }));
  begin();
  await elapse(2 * 42_000);

  expect(states.at(-1)).toBe("polling");
});

test("a view too many is shown by polling", async () => {
  http = withoutStreams(429, () => page({ kind: "events", events: [], progress: { ...noProgress("j"), seq: 1 }, cursor: "e-1" }));
  begin();
  for (let tries = 0; tries < 2; tries += 1) {
    await elapse(300);
    Socket.last.onclose?.({ code: 4429 });
    await elapse(600);
  }

  expect(states.at(-1)).toBe("polling");
});

test("a server that goes away while the page polls shows as offline", async () => {
  Socket.refuse = true;
  http = withoutStreams(502, () => page({ kind: "events", events: [], progress: { ...noProgress("j"), seq: 1 }, cursor: "e-1" }));
  begin();
  await elapse(6_000);
  http = () => Promise.reject(new Error("down"));
  await elapse(5_000);

  expect(states.slice(-2)).toEqual(["polling", "offline"]);
});

test("a job that is not there ends the view", async () => {
  Socket.refuse = true;
  http = () => Promise.resolve(new Response("{}", { status: 404 }));
  begin();
  await elapse(2_000);

  expect(ends).toEqual(["not_found"]);
});

test("a socket that is refused because nobody knows the viewer any more ends the view", async () => {
  begin();
  await elapse(300);
  Socket.last.onclose?.({ code: 4401 });
  await elapse(60_000);

  expect(ends).toEqual(["unauthorized"]);
  expect(Socket.all.length).toBe(1);
});

test("a progress older than its page's events does not step back", async () => {
  Socket.refuse = true;
  http = () => page({ kind: "events", events: [told(2).envelope], progress: { ...noProgress("j"), seq: 1 }, cursor: "e-2" });
  begin();
  await elapse(100);

  expect(frames.map((frame) => frame.kind)).toEqual(["event"]);
});

function streaming(text: string): Response {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
  });
  return new Response(body);
}
