"""Webhooks that lead into the house: this machine, its network, and what clouds have there."""

import asyncio

from bench.attack.claim import Claim
from bench.attack.server import HOST, Server

_HERE = (
    *("127.0.0.1", "[::1]", "0x7f000001", "0x7f.0.0.1", "2130706433", "017700000001", "127.1", "0"),
    "0.0.0.0",  # noqa: S104 - asked for, not listened on
    *("[::]", "localhost", "localhost.", "LOCALHOST", "foo.localhost", "ip6-localhost"),
    *(
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::7f00:1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
    ),
    *(
        "[2002:7f00:1::]",
        "[::ffff:0:7f00:1]",
        "user@127.0.0.1",
        "example.com@127.0.0.1",
        "127。0。0。1",
    ),
)
# Never connected to: what is asked is whether the address is accepted.
_INSIDE = (
    *("169.254.169.254", "168.63.129.16", "192.0.0.192", "100.100.100.200", "[fd00:ec2::254]"),
    *(
        "10.0.0.1",
        "192.168.0.1",
        "172.17.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[fe80::1]",
    ),
)
_OTHER = (
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_x",
    "http:///x",
    "//x",
)


async def attack(server: Server, *, short: bool) -> list[Claim]:
    """A listener on this machine hears of nobody."""
    reached: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(await reader.read(100))
        writer.close()

    listener = await asyncio.start_server(hear, HOST, 0)
    port = listener.sockets[0].getsockname()[1]
    urls = [f"http://{host}:{port}/x" for host in _HERE] + [f"http://{host}/" for host in _INSIDE]
    accepted: list[str] = []
    async with server.client() as client:
        for url in [*urls, *_OTHER]:
            made = await client.post("/api/webhooks", json={"url": url})
            if made.status_code == 201:
                accepted.append(url)
                hook = f"/api/webhooks/{made.json()['webhook_id']}"
                if url not in [f"http://{host}/" for host in _INSIDE]:
                    await client.post(f"{hook}/ping")
                    await asyncio.sleep(0.2 if short else 1.5)
                await client.delete(hook)
    listener.close()
    figure = (
        f"{len(urls) + len(_OTHER)} addresses, {len(accepted)} accepted, {len(reached)} reached"
    )
    inside = [url for url in accepted if any(host in url for host in _INSIDE)]
    return [Claim("no webhook leads into the house", not reached and not inside, figure)]
