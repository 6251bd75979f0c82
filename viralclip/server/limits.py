"""How much a user may ask for, and how long the server waits."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """How much one user may ask for."""

    body_bytes: int = 2_000_000
    upload_bytes: int = 20 * 1024**3
    jobs_per_user: int = 20
    viewers_per_user: int = 100
    webhooks_per_user: int = 10
    # Whether a webhook may lead to this machine or its neighbours.
    webhooks_anywhere: bool = False


@dataclass(frozen=True)
class Timeouts:
    """How long the server waits for a client, and a client for the server."""

    # The body of a request that is no upload has to be there within that time.
    body_s: float = 60.0
    # The last request of an upload waits so long for what becomes of it: proxies give up later.
    upload_answer_s: float = 5.0
    # A viewer that hears nothing for so long hears a heartbeat; a proxy would close the line.
    heartbeat_s: float = 15.0
    # A viewer that reads nothing for so long is disconnected.
    send_timeout_s: float = 60.0
    # A viewer whose token was revoked is disconnected within that time.
    recheck_s: float = 60.0
