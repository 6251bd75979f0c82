"""What other users of the machine, and whoever reads a log, could find out."""

from bench.attack.claim import Claim
from bench.attack.server import Server

_OTHERS = 0o077


async def attack(server: Server, *, short: bool) -> list[Claim]:  # noqa: ARG001 - it is quick
    async with server.client("bob") as client:
        made = await client.post("/api/webhooks", json={"url": "https://hooks.example.com/?k=hush"})
        secret = made.raise_for_status().json()["secret"]
        await client.get(f"/api/jobs?token={server.tokens['bob']}")
    paths = [server.state, *server.state.rglob("*")]
    files = [path for path in [*paths, server.log] if path.is_file()]
    open_to_others = [str(p) for p in paths if not p.is_symlink() and p.stat().st_mode & _OTHERS]
    kept = {path: path.read_bytes() for path in files}
    hidden = (
        secret.encode(),
        secret.removeprefix("whsec_").encode(),
        *map(str.encode, server.tokens.values()),
    )
    found = [str(path) for path, content in kept.items() if any(text in content for text in hidden)]
    return [
        Claim(
            "the state is its user's alone",
            not open_to_others,
            f"{len(paths)} files and folders, open to others: {open_to_others[:3] or 'none'}",
        ),
        Claim(
            "no secret is written down",
            not found,
            f"{len(files)} files, found in: {found or 'none'}",
        ),
    ]
