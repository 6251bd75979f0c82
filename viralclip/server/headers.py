"""The headers that every answer carries."""

_CONTENT = (
    "default-src 'self'; img-src 'self' data: blob:{remote}; media-src 'self' blob:{remote}; "
    "style-src 'self' 'unsafe-inline'; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": _CONTENT.format(remote=""),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def remote_media(origin: str) -> dict[str, str]:
    """Clips in an object store are shown from signed addresses there."""
    return {"Content-Security-Policy": _CONTENT.format(remote=f" {origin}")}
