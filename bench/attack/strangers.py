"""What belongs to another user, asked for by its true name; and tokens that are none."""

import asyncio

import httpx

from bench.attack.claim import Claim, all_are
from bench.attack.server import Server, a_job, announce, give_up

_GUESSES = 500


async def attack(server: Server, *, short: bool) -> list[Claim]:
    async with server.client("bob") as bob, server.client("mallory") as mallory:
        own = await _made(bob)
        theirs = {}
        for method, path in _paths(own):
            theirs[f"{method} {path.split('?')[0]}"] = (
                await mallory.request(method, path)
            ).status_code
        theirs["submit"] = (await mallory.post("/api/jobs", json=a_job(own["video"]))).status_code
        still = (await bob.get(f"/api/jobs/{own['job']}")).is_success
        await bob.post(f"/api/jobs/{own['job']}/cancel")
        await bob.delete(f"/api/webhooks/{own['webhook']}")
        await give_up(bob, own["announced"])
    guessed = await _guesses(server, 20 if short else _GUESSES)
    return [
        all_are("what is another's is not there", frozenset({404}), theirs),
        Claim("and stays as it was", still, "the job is still its owner's"),
        all_are("a token that is none opens nothing", frozenset({401}), guessed),
    ]


async def _made(bob: httpx.AsyncClient) -> dict:
    videos = (await bob.get("/api/videos")).json()
    own = next(video["video_id"] for video in videos if video["name"] == "bob.mp4")
    job = (await bob.post("/api/jobs", json=a_job(own))).raise_for_status().json()["job_id"]
    hook = await bob.post("/api/webhooks", json={"url": "https://hooks.example.com/"})
    announced = await announce(bob, 1_000)
    return {
        "video": own,
        "job": job,
        "webhook": hook.raise_for_status().json()["webhook_id"],
        "upload": announced.headers["location"].rpartition("/")[2],
        "announced": announced,
    }


def _paths(own: dict[str, str]) -> list[tuple[str, str]]:
    job, video = f"/api/jobs/{own['job']}", f"/api/videos/{own['video']}"
    hook, upload = f"/api/webhooks/{own['webhook']}", f"/api/uploads/{own['upload']}"
    clip = f"{job}/clips/1/original"
    return [
        *[
            ("GET", job),
            ("GET", f"{job}/events"),
            ("GET", f"{job}/clips"),
            ("GET", f"{job}/clips.zip"),
        ],
        *[("GET", f"{clip}/file"), ("GET", f"{clip}/thumbnail"), ("POST", f"{clip}/cancel")],
        *[("POST", f"{job}/cancel"), ("POST", f"{job}/retry"), ("DELETE", job)],
        *[("GET", video), ("GET", f"{video}/content"), ("GET", f"{upload}")],
        ("GET", f"{video}/framing?start=0&end=1&style=intelligent"),
        *[("GET", f"{hook}/deliveries"), ("POST", f"{hook}/ping"), ("DELETE", hook)],
    ]


async def _guesses(server: Server, count: int) -> dict[str, int]:
    token = server.tokens["mallory"]
    near = ["x", token[:-1], token + "x", token.upper(), "a" * 5_000, token[::-1]]
    near += [f"{token[:-2]}{number:02x}" for number in range(count)]
    near = [text for text in near if text != token]
    seen: dict[str, int] = {}
    async with httpx.AsyncClient(base_url=server.address, trust_env=False, timeout=60) as client:
        gate = asyncio.Semaphore(8)

        async def guess(number: int, text: str) -> None:
            async with gate:
                headers = {"Authorization": f"Bearer {text}"}
                seen[f"guess {number}"] = (await client.get("/api/me", headers=headers)).status_code

        await asyncio.gather(*(guess(number, text) for number, text in enumerate(near)))
        seen["in the address"] = (await client.get(f"/api/me?token={token}")).status_code
        seen["without"] = (await client.get("/api/me")).status_code
    return seen
