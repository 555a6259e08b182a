"""What a client proves its session with: signed access tokens, random refresh tokens."""

import base64
import hmac
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import time
from typing import Any, Final
from uuid import UUID

import jwt

from storage.rows import SessionId, SessionRow, UserId

MAX_LENGTH: Final = 1024

# A token takes about a kilobyte here, and 0.1 ms to verify.
MOST_SEEN: Final = 4_096

_ALGORITHM: Final = "HS256"
_HEADERS: Final = {"typ": "at+jwt"}
_ISSUER: Final = "picshare"
_AUDIENCE: Final = "picshare-api"
_CLAIMS: Final = frozenset({"iss", "aud", "sub", "sid", "iat", "exp"})
_NOT_VALID: Final = "the access token is not valid; log in again"
_UNKNOWN: Final = (0, SessionRow(SessionId(UUID(int=0)), UserId(UUID(int=0))))
_REFRESH_PREFIX: Final = "psr_"
_REFRESH_TOKEN: Final = re.compile(r"psr_[A-Za-z0-9_-]{43}")


class BadToken(Exception):
    """The access token proves nothing; the text says so to people."""


def now() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)


class Tokens:
    """Makes and reads the tokens of all sessions; processes with one secret read each other's."""

    def __init__(
        self, secret: str, *, access_ttl: timedelta, clock: Callable[[], datetime] = now
    ) -> None:
        # One secret, two keys: what one of them signs is worth nothing as the other.
        self._access_key = _derived(secret, b"picshare access token")
        self._refresh_key = _derived(secret, b"picshare refresh token")
        self._digest_key = _derived(secret, b"picshare digest")
        self._access_ttl = access_ttl
        self._clock = clock
        # Tokens that were verified, the oldest first, and when they end.
        self._seen: dict[str, tuple[int, SessionRow]] = {}

    def access(self, session: SessionRow) -> tuple[str, datetime]:
        """A signed access token and when it ends."""
        issued_at = self._clock().replace(microsecond=0)
        expires_at = issued_at + self._access_ttl
        claims = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "sub": session.user_id.hex,
            "sid": session.id.hex,
            "iat": int(issued_at.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
        return self._signed(claims), expires_at

    def session(self, access_token: str) -> SessionRow:
        """The session that an access token names, live or not. Raises BadToken."""
        ends_at, session = self._seen.get(access_token, _UNKNOWN)
        if time() < ends_at:
            return session
        claims = self._read(access_token)
        session = _session(claims)
        if len(self._seen) >= MOST_SEEN:
            del self._seen[next(iter(self._seen))]
        self._seen[access_token] = (claims["exp"], session)
        return session

    def _read(self, access_token: str) -> dict[str, Any]:
        if len(access_token) > MAX_LENGTH or not access_token.isascii():
            raise BadToken(_NOT_VALID)
        claims = self._verified(access_token)
        # What we signed is written one way only. This leaves no room for other headers,
        # padding or a claim that stands twice.
        if self._signed(claims) != access_token or claims.keys() != _CLAIMS:
            raise BadToken(_NOT_VALID)
        return claims

    def ends_at(self, access_token: str) -> datetime:
        """When a token that `session` reads ends."""
        claims = jwt.decode(access_token, options={"verify_signature": False})
        return datetime.fromtimestamp(claims["exp"], UTC)

    def first_refresh(self) -> str:
        """A new random refresh token."""
        return _written(secrets.token_bytes(32))

    def next_refresh(self, token: str) -> str | None:
        """The one successor of a refresh token, the same each time; None for any other text.

        It is derived, so that a lost answer can be given again although no token is kept.
        """
        if not _REFRESH_TOKEN.fullmatch(token):
            return None
        return _written(hmac.digest(self._refresh_key, token.encode(), "sha256"))

    def digest(self, *parts: str) -> bytes:
        """Stands for *parts* where they must not be kept; tells nothing without the secret."""
        # Each part with its length, so that no two lists of parts are written alike.
        written = b"".join(len(part).to_bytes(4) + part for part in map(_bytes, parts))
        return hmac.digest(self._digest_key, written, "sha256")

    def _signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self._access_key, _ALGORITHM, _HEADERS)

    def _verified(self, access_token: str) -> dict[str, Any]:
        try:
            return jwt.decode(
                access_token,
                self._access_key,
                [_ALGORITHM],
                # The clock of the process that issued it may run ahead of ours.
                options={"require": list(_CLAIMS), "strict_aud": True, "verify_iat": False},
                issuer=_ISSUER,
                audience=_AUDIENCE,
            )
        except jwt.ExpiredSignatureError:
            raise BadToken("the access token has expired; refresh the session") from None
        except jwt.InvalidTokenError:
            raise BadToken(_NOT_VALID) from None


def _session(claims: dict[str, Any]) -> SessionRow:
    try:
        user_id, session_id = UUID(hex=claims["sub"]), UUID(hex=claims["sid"])
    except (ValueError, TypeError, AttributeError):
        raise BadToken(_NOT_VALID) from None
    if type(claims["exp"]) is not int or type(claims["iat"]) is not int:
        raise BadToken(_NOT_VALID)
    return SessionRow(SessionId(session_id), UserId(user_id))


def _derived(secret: str, purpose: bytes) -> bytes:
    return hmac.digest(secret.encode(), purpose, "sha256")


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _written(token: bytes) -> str:
    return _REFRESH_PREFIX + base64.urlsafe_b64encode(token).rstrip(b"=").decode()
