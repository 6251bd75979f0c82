"""Secrets as they are kept: encrypted under a key that is not in the database."""

import base64
import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from viralclip.errors import InvalidRequestError, ViralclipError

_MARK = "s1"
_KEY_ID = 8
# Each context has a key of its own, which encrypts one secret.
_NONCE = bytes(12)


class SecretKeyMissingError(InvalidRequestError):
    """Servers that share a database need the same VIRALCLIP_SECRET_KEY; set it on each of them."""

    code = "secret_key_missing"


class SecretKeyDiffersError(ViralclipError):
    """The secret was sealed under another VIRALCLIP_SECRET_KEY; set the one that it had."""

    code = "secret_key_differs"


class Seal:
    """Encrypts and authenticates (ChaCha20-Poly1305), under a key derived for each context.

    A sealed secret begins with a mark and the key's own id, so that another key is known for one.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._prefix = _MARK + hashlib.sha256(b"key id " + key).hexdigest()[:_KEY_ID]

    def seal(self, secret: bytes, context: str) -> str:
        """Text of 10 characters and four for each three bytes; a context is for one secret."""
        sealed = self._cipher(context).encrypt(_NONCE, secret, context.encode())
        return self._prefix + base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def open(self, sealed: str, context: str) -> bytes:
        """SecretKeyDiffersError if it was sealed under another key, or for another context."""
        prefix, text = sealed[: len(self._prefix)], sealed[len(self._prefix) :]
        if prefix != self._prefix:
            raise SecretKeyDiffersError
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        try:
            return self._cipher(context).decrypt(_NONCE, packed, context.encode())
        except InvalidTag as error:
            raise SecretKeyDiffersError from error

    def _cipher(self, context: str) -> ChaCha20Poly1305:
        return ChaCha20Poly1305(hmac.digest(self._key, context.encode(), hashlib.sha256))
