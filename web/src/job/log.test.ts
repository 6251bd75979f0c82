import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Envelope } from "../api";
import { EventLog } from "./log.svelte";

const envelope = (seq: number): Envelope => ({ job_id: "j", seq, at: "", trace_id: "", event: { type: "log", level: "info", message: `${seq}` } });

let asked: string[];
let last: number;
let log: EventLog;

beforeEach(() => {
  [asked, last] = [[], 1000];
  vi.stubGlobal("fetch", (url: string) => Promise.resolve(answer(url)));
  log = new EventLog("j");
});

afterEach(() => vi.unstubAllGlobals());

/** The server's history of `last` events. */
function answer(url: string): Response {
  asked.push(url);
  const query = new URLSearchParams(url.split("?")[1]);
  const end = Math.min(Number(query.get("before")) - 1, last);
  const begin = Math.max(end - Number(query.get("limit")), 0);
  const events = Array.from({ length: end - begin }, (_, index) => envelope(begin + index + 1));
  return Response.json({ events, has_earlier: begin > 0 });
}

const read = () => vi.waitFor(() => expect(log.isReading).toBe(false));
const seqs = () => log.lines.map(({ seq }) => seq);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test("a job that is long is read from its end, a page at a time", async () => {
  log.resumeAfter(1000);
  await read();
  expect(seqs()).toEqual(range(801, 1000));
  await log.readEarlier();

  expect(seqs()).toEqual(range(601, 1000));
  expect(asked).toEqual(["/api/jobs/j/history?before=1001&limit=200", "/api/jobs/j/history?before=801&limit=200"]);
});

test("events that come are appended, while the page before them is read and after", async () => {
  log.resumeAfter(1000);
  log.append(envelope(1001));
  await read();
  log.append(envelope(1002));
  log.show();

  expect(seqs()).toEqual(range(801, 1002));
});

test("after a hole the log goes on at its end, and what is missing is earlier", async () => {
  last = 300;
  log.resumeAfter(300);
  await read();
  last = 900;
  log.resumeAfter(900);
  log.append(envelope(901));
  await read();

  expect(seqs()).toEqual(range(701, 901));
  await log.readAll();
  expect(seqs()).toEqual(range(1, 901));
  expect(log.hasEarlier).toBe(false);
});

test("a snapshot of what the log has already asks for nothing", async () => {
  log.resumeAfter(1000);
  await read();
  log.append(envelope(1001));
  log.resumeAfter(1001);

  expect(asked).toHaveLength(1);
});

test("whoever looks for something looks through all of it", async () => {
  last = 4321;
  log.resumeAfter(4321);
  await read();
  await log.readAll();

  expect(seqs()).toEqual(range(1, 4321));
  expect(asked).toHaveLength(6);
});

test("a job that has begun just now has no earlier events to ask for", () => {
  log.resumeAfter(0);

  expect(asked).toEqual([]);
});

test("a server of an earlier version has no history to read: the log begins now", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json({ status: 404, code: "not_found", detail: "It is not there." }, { status: 404 })));
  log.resumeAfter(1000);
  log.append(envelope(1001));
  await read();
  log.show();

  expect(seqs()).toEqual([1001]);
  expect(log.hasEarlier).toBe(false);
});

test("an event of a newer version is noticed, wherever in the log it is", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json({ events: [{ ...envelope(1), event: { type: "coffee_made" } }], has_earlier: false })));
  log.resumeAfter(1);
  await read();

  expect(log.hasNewer).toBe(true);
});
