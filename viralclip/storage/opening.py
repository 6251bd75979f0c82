"""Which storage is behind a URL, and how patient its client is."""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from viralclip.errors import StorageRejectedError
from viralclip.storage.line import Line
from viralclip.storage.modes import make_folders
from viralclip.storage.objects import Storage
from viralclip.storage.traffic import Traffic, store_ports
from viralclip.storage.upload import CHUNK, PARTS, SLOWEST, TRIES

TIMEOUT_S = 15.0
# A store that stumbles is asked again at once and unseen; if that does not help, it is seen.
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=0.2), timedelta(seconds=2)
# A whole answer may take long, for a video is large; each piece of it may not.
_WHOLE_ANSWER = timedelta(days=1)
_CONNECT_S = 5.0
# The client counts the time in which a part is sent as silence of the store. So it is given what
# the slowest line takes, and the silence is measured by `Line`.
_SENDING_S = PARTS * CHUNK / SLOWEST
# A connection that the network has forgotten is opened anew before the store counts as silent.
_DEAD_SHARE = 0.6


def open_storage(
    url: str,
    *,
    timeout_s: float = TIMEOUT_S,
    public: str | None = None,
    umask: int | None = None,
) -> Storage:
    """The storage behind a URL: `file:///folder`, or what obstore knows (`s3://bucket/prefix`).

    Credentials and the endpoint come from the environment, under the names of each cloud's own
    tools. A store that says nothing for `timeout_s` has failed. `public` is the endpoint that
    signed addresses lead to, where browsers know the store by another name than we do. What is put
    into a folder is as the process makes it, or as another `umask` would.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        folder = Path(os.fsdecode(unquote_to_bytes(parts.path)))
        try:
            # Made here, because the store does not say by number why a folder cannot be.
            if umask is None:
                folder.mkdir(parents=True, exist_ok=True)
            else:
                make_folders(folder, umask)
            return Storage(LocalStore(prefix=folder), url=url, folder=folder, umask=umask)
        except OSError as error:
            raise StorageRejectedError(detail=str(error)) from error
    if parts.username is not None or parts.password is not None or parts.query:
        # It would be told to everybody as the place of the clips.
        raise StorageRejectedError(detail="the address of the storage holds credentials")
    return Storage(
        _open(url, timeout_s),
        url=url,
        folder=None,
        public=_seen_from_outside(url, public, timeout_s),
        sender=_open(url, timeout_s, answer_s=max(_SENDING_S, timeout_s)),
        line=_line(os.environ, timeout_s),
    )


def _line(env: Mapping[str, str], timeout_s: float) -> Line:
    traffic = Traffic(store_ports(env), dead_after_s=_DEAD_SHARE * timeout_s)
    return Line(traffic, silence_s=timeout_s)


def _open(
    url: str, timeout_s: float, *, answer_s: float | None = None, **config: Any
) -> ObjectStore:
    answer_s = answer_s or timeout_s
    try:
        return from_url(
            url,
            **config,
            client_options={
                # Only an endpoint that was given as http:// is spoken to in the open.
                "allow_http": True,
                "connect_timeout": timedelta(seconds=min(timeout_s, _CONNECT_S)),
                "read_timeout": timedelta(seconds=answer_s),
                "timeout": _WHOLE_ANSWER,
            },
            retry_config={
                "max_retries": TRIES - 1,
                "retry_timeout": timedelta(seconds=4 * answer_s),
                "backoff": {"init_backoff": _FIRST_WAIT, "max_backoff": _LONGEST_WAIT, "base": 2},
            },
        )
    except (BaseError, ValueError) as error:
        raise StorageRejectedError(detail=str(error).partition("\n")[0]) from error


def _seen_from_outside(url: str, endpoint: str | None, timeout_s: float) -> ObjectStore | None:
    if endpoint is None or not url.startswith("s3"):
        return None
    return _open(url, timeout_s, endpoint=endpoint)
