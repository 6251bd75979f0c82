// The HTTP API as typed functions; a refusal is thrown as the problem the server sent (RFC 9457).

import type { Problem, paths } from "./api.gen";

export * from "./api.gen";

type Method = "get" | "post" | "patch" | "delete";
type Operation<P extends keyof paths, M extends Method> = Exclude<paths[P][M], undefined>;
type Content<R> = R extends { content: { "application/json": infer T } } ? T : undefined;
type Success<R> = R extends { 200: infer T } ? Content<T>
  : R extends { 201: infer T } ? Content<T>
  : R extends { 202: infer T } ? Content<T>
  : undefined;
type Answer<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { responses: infer R } ? Success<R> : never;
type Body<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { requestBody: { content: { "application/json": infer B } } } ? B : undefined;

interface Ask<B> {
  path?: Record<string, string | number>;
  query?: Record<string, string | number>;
  headers?: Record<string, string>;
  body?: B;
  /** Bytes to send as they are, in place of a JSON body. */
  raw?: Blob;
  /** Nobody waits for the answer any more once it is aborted. */
  signal?: AbortSignal;
}

/** What the server refused and why, or that it does not answer (code `unreachable`). */
export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

let whenUnauthorized = () => {};

export function signInNeeded(): void {
  whenUnauthorized();
}

export function onUnauthorized(act: () => void): void {
  whenUnauthorized = act;
}

export async function call<P extends keyof paths, M extends Method>(
  method: M,
  path: P,
  ask: Ask<Body<P, M>> = {},
): Promise<Answer<P, M>> {
  const response = await send(method, address(path, ask), ask);
  if (!response.ok) throw await refusal(response);
  return (response.status === 204 ? undefined : await response.json()) as Answer<P, M>;
}

/** A picture that the server makes of what it is sent. */
export async function drawing<P extends keyof paths>(path: P, ask: Ask<Body<P, "post">>): Promise<Blob> {
  const response = await send("post", address(path, ask), ask);
  if (!response.ok) throw await refusal(response);
  return response.blob();
}

/** The address of something the browser fetches by itself. */
export function address(path: keyof paths, ask: Ask<unknown> = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(ask.path?.[name] ?? ""));
  const query = new URLSearchParams(Object.entries(ask.query ?? {}).map(([name, value]) => [name, String(value)]));
  return query.size ? `${filled}?${query}` : filled;
}

export function problemOf(error: unknown): Problem {
  if (error instanceof Refusal) return error.problem;
  return invented("internal", "Something went wrong in this page; reload it and try again.");
}

/** What finds an error of the server in its log; empty where it is told whole. */
export function traceOf(problem: Problem): string {
  return problem.status >= 500 ? problem.trace_id : "";
}

async function send(method: Method, url: string, ask: Ask<unknown>): Promise<Response> {
  const json = ask.body === undefined ? {} : { "content-type": "application/json" };
  const body = ask.raw ?? (ask.body === undefined ? null : JSON.stringify(ask.body));
  try {
    return await fetch(url, { method: method.toUpperCase(), body, headers: { ...json, ...ask.headers }, signal: ask.signal ?? null });
  } catch {
    throw new Refusal(invented("unreachable", "The server does not answer; check that it is running."));
  }
}

async function refusal(response: Response): Promise<Refusal> {
  if (response.status === 401) signInNeeded();
  try {
    return new Refusal((await response.json()) as Problem);
  } catch {
    return new Refusal({ ...invented("internal", `The server answered ${response.status}.`), status: response.status });
  }
}

function invented(code: string, detail: string): Problem {
  return { type: "about:blank", title: "", status: 0, detail, code, trace_id: "", faults: [] };
}
