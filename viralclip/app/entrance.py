"""Who may use the server, and the sentence that says so at its start."""

from dataclasses import dataclass

from viralclip.catalog.tokens import TokenTable
from viralclip.errors import InvalidRequestError
from viralclip.server.identity import LOOPBACK, NoSignIn, SignIn, TokenSignIn
from viralclip.settings import Settings

_OFF = "Sign-in: off, by --no-auth. Whoever reaches the server may do everything."
_LOCAL = (
    "Sign-in: none, for a person on this machine. A token is needed once there is one,"
    " and for requests that a proxy or tunnel passes on."
)
_NONE_YET = " There are none yet: run `viralclip token create NAME`."


class NoTokensError(InvalidRequestError):
    """Only this machine may ask without a token: make one with `viralclip token create NAME`."""

    code = "no_tokens"


@dataclass(frozen=True)
class Entrance:
    """How the server knows who asks, and why in that way, in words."""

    sign_in: SignIn
    sentence: str


async def open_entrance(settings: Settings, tokens: TokenTable, *, with_sign_in: bool) -> Entrance:
    """Tokens, unless a person on this machine is alone with it or has asked for no sign-in.

    NoTokensError where other machines could reach a server that nobody can sign in to.
    """
    if not with_sign_in:
        return Entrance(NoSignIn(), _OFF)
    exist = await tokens.exist()
    is_exposed = settings.server.host not in LOOPBACK
    if is_exposed and not exist:
        raise NoTokensError
    sign_in = TokenSignIn(tokens, always=is_exposed or bool(settings.server.hosts))
    why = _why(settings, exist=exist)
    if why is None:
        return Entrance(sign_in, _LOCAL)
    return Entrance(sign_in, f"Sign-in: by token, as {why}.{'' if exist else _NONE_YET}")


def _why(settings: Settings, *, exist: bool) -> str | None:
    """What makes tokens necessary, if anything does."""
    if settings.server.host not in LOOPBACK:
        return f"{settings.server.host} can be reached from other machines"
    if settings.server.hosts:
        return f"VIRALCLIP_HOSTS names {', '.join(site.host for site in settings.server.hosts)}"
    if exist:
        return "there are tokens (`viralclip token list`)"
    return None
