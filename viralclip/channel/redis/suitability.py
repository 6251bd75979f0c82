"""Which Redis can be the channel: one that takes writes for every key."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from viralclip.errors import InvalidRequestError


class ChannelUnsuitableError(InvalidRequestError):
    """Redis at {place} {reason}; {remedy}."""

    code = "channel_unsuitable"


class Unsuitable(NamedTuple):
    """Why a Redis cannot be the channel, and what to do about it."""

    reason: str
    remedy: str


def unsuitable(info: Mapping[str, Any]) -> Unsuitable | None:
    """What is wrong with the Redis that answers INFO with `info`; None if it can be the channel.

    A job's script writes keys of several hash slots, which a cluster refuses (CROSSSLOT) even where
    one node has all slots; a replica and a sentinel refuse every write.
    """
    mode = info.get("redis_mode")
    if mode == "cluster" or info.get("cluster_enabled"):
        remedy = "set VIRALCLIP_CHANNEL to a Redis that has cluster-enabled no"
        return Unsuitable("runs in cluster mode, which viralclip does not support", remedy)
    if mode == "sentinel":
        remedy = "set VIRALCLIP_CHANNEL to the primary that it watches"
        return Unsuitable("is a sentinel and keeps no data", remedy)
    if info.get("role") == "slave":
        return Unsuitable(
            "is a replica and takes no writes", "set VIRALCLIP_CHANNEL to its primary"
        )
    return None
