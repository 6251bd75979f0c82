"""Requests that a proxy or a tunnel has passed on to a server that somebody is alone with."""

from bench.attack.claim import Claim, all_are
from bench.attack.server import Server

# What proxies, tunnels and content networks write, as their manuals have it.
_WRITTEN = {
    "Forwarded": "for=203.0.113.9;proto=https",
    "Via": "1.1 proxy",
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Host": "abc.tunnel.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Server": "proxy",
    "X-Forwarded-Port": "443",
    "x-forwarded-ssl": "on",
    "X-Real-IP": "203.0.113.9",
    "CF-Connecting-IP": "203.0.113.9",
    "CF-Ray": "230b030023ae2822-SJC",
    "CDN-Loop": "cloudflare",
    "True-Client-IP": "203.0.113.9",
    "Fly-Client-IP": "203.0.113.9",
    "Fastly-Client-IP": "203.0.113.9",
    "X-Client-IP": "203.0.113.9",
    "X-Cluster-Client-IP": "203.0.113.9",
    "X-Envoy-External-Address": "203.0.113.9",
    "X-Original-Forwarded-For": "203.0.113.9",
    "X-Original-Host": "abc.tunnel.example",
    "X-ProxyUser-Ip": "203.0.113.9",
    "X-Azure-ClientIP": "203.0.113.9",
    "Tailscale-User-Login": "mallory@example.com",
}
_ASKED = (
    ("GET", "/api/me"),
    ("GET", "/api/jobs"),
    ("GET", "/api/videos"),
    ("GET", "/api/videos/files"),
    ("POST", "/api/videos/files?path=small.mp4"),
    ("POST", "/api/uploads"),
    ("POST", "/api/webhooks"),
)
# A live view is opened, and closed with a code that pages can read.
_REFUSED = frozenset({401, 403, 4401})


async def attack(server: Server, *, short: bool) -> list[Claim]:
    written = dict(list(_WRITTEN.items())[:3]) if short else _WRITTEN
    seen: dict[str, int] = {}
    for name, value in written.items():
        async with server.client(**{name: value}) as client:
            for method, path in _ASKED:
                answer = await client.request(method, path)
                seen[f"{name}: {method} {path}"] = answer.status_code
        seen[f"{name}: live"] = await server.live(f"{name}: {value}")
    return [all_are("a request that was passed on needs a token", _REFUSED, seen)]
