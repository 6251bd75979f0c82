import { expect, test } from "vitest";
import { dataOf } from "./server_sent";

async function read(...pieces: string[]): Promise<string[]> {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(encoder.encode(piece));
      controller.close();
    },
  });
  const found: string[] = [];
  for await (const data of dataOf(body)) if (data !== undefined) found.push(data);
  return found;
}

test("a message cut anywhere is put together", async () => {
  expect(await read("id: 1\nevent: ti", 'ck\ndata: {"a"', ":1}\n", "\ndata: {}\n\n")).toEqual(['{"a":1}', "{}"]);
});

test("heartbeats are no messages", async () => {
  expect(await read(": heartbeat\n\n", "data: x\n\n")).toEqual(["x"]);
});
