// Server-sent events read as bytes: `EventSource` would hide the heartbeats, which are comments.

/** The data of each message; undefined for bytes that complete none, such as a heartbeat. */
export async function* dataOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string | undefined> {
  let rest = "";
  for await (const text of textOf(body)) {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop() ?? "";
    yield undefined;
    for (const block of blocks) yield fieldOf(block);
  }
}

function fieldOf(block: string): string | undefined {
  return block.split("\n").find((row) => row.startsWith("data: "))?.slice(6);
}

async function* textOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield decoder.decode(value, { stream: true });
  }
}
