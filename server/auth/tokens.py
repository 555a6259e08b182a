"""What a client proves its session with: signed access tokens, random refresh tokens."""

import base64
import hmac
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import time
from typing import Final
from uuid import UUID

import jwt

from storage.rows import SessionId, SessionRow, UserId

MAX_LENGTH: Final = 1024

# A header takes about a kilobyte here, two at most.
MOST_SEEN: Final = 4_096

_ALGORITHM: Final = "HS256"
_HEADERS: Final = {"typ": "at+jwt"}
_ISSUER: Final = "picshare"
_AUDIENCE: Final = "picshare-api"
# The claims as `access` has them written. What we signed has this one form: no claim more, none
# twice, nothing between them.
_CLAIMS: Final = re.compile(
    f'{{"iss":"{_ISSUER}","aud":"{_AUDIENCE}",'
    r'"sub":"([0-9a-f]{32})","sid":"([0-9a-f]{32})","iat":[0-9]{1,12},"exp":([0-9]{1,12})}'
)
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
        # RFC 7515: the header says how it was signed. There is one way, so there is one header.
        self._head = jwt.encode({}, self._access_key, _ALGORITHM, _HEADERS).partition(".")[0]
        # Headers whose tokens were verified, the oldest first, and when those end.
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
        return jwt.encode(claims, self._access_key, _ALGORITHM, _HEADERS), expires_at

    def bearer(self, authorization: str) -> SessionRow:
        """The session that an Authorization header names, live or not. Raises BadToken."""
        ends_at, session = self._seen.get(authorization, _UNKNOWN)
        if time() < ends_at:
            return session
        # Blanks around a token make other headers of it, and what is kept has to be bounded.
        if len(authorization) > MAX_LENGTH:
            raise BadToken(_NOT_VALID)
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() != "bearer":
            raise BadToken("the Authorization header must be: Bearer <accessToken>")
        ends_at, session = self._read(token.strip())
        if len(self._seen) >= MOST_SEEN:
            del self._seen[next(iter(self._seen))]
        self._seen[authorization] = ends_at, session
        return session

    def session(self, access_token: str) -> SessionRow:
        """The session that an access token names, live or not. Raises BadToken."""
        return self._read(access_token)[1]

    def ends_at(self, authorization: str) -> datetime:
        """When the token of a header that `bearer` reads ends. Raises BadToken."""
        self.bearer(authorization)
        return datetime.fromtimestamp(self._seen[authorization][0], UTC)

    def _read(self, access_token: str) -> tuple[int, SessionRow]:
        """When it ends, and for whom it is. Raises BadToken for all that we did not sign."""
        if len(access_token) > MAX_LENGTH or not access_token.isascii():
            raise BadToken(_NOT_VALID)
        signed, _, signature = access_token.rpartition(".")
        if not hmac.compare_digest(signature, self._signature(signed)):
            raise BadToken(_NOT_VALID)
        head, _, claims = signed.partition(".")
        found = _CLAIMS.fullmatch(_unwritten(claims)) if head == self._head else None
        if found is None:
            raise BadToken(_NOT_VALID)
        user_id, session_id, ends_at = found.groups()
        if time() >= int(ends_at):
            raise BadToken("the access token has expired; refresh the session")
        return int(ends_at), SessionRow(SessionId(_id(session_id)), UserId(_id(user_id)))

    def _signature(self, signed: str) -> str:
        """HMAC with SHA-256, as RFC 7515 has it written at the end of a token."""
        return _written(hmac.digest(self._access_key, signed.encode(), "sha256"))

    def first_refresh(self) -> str:
        """A new random refresh token."""
        return _REFRESH_PREFIX + _written(secrets.token_bytes(32))

    def next_refresh(self, token: str) -> str | None:
        """The one successor of a refresh token, the same each time; None for any other text.

        It is derived, so that a lost answer can be given again although no token is kept.
        """
        if not _REFRESH_TOKEN.fullmatch(token):
            return None
        return _REFRESH_PREFIX + _written(hmac.digest(self._refresh_key, token.encode(), "sha256"))

    def digest(self, *parts: str) -> bytes:
        """Stands for *parts* where they must not be kept; tells nothing without the secret."""
        # Each part with its length, so that no two lists of parts are written alike.
        written = b"".join(len(part).to_bytes(4) + part for part in map(_bytes, parts))
        return hmac.digest(self._digest_key, written, "sha256")


def _id(hex: str) -> UUID:
    return UUID(int=int(hex, 16))


def _derived(secret: str, purpose: bytes) -> bytes:
    return hmac.digest(secret.encode(), purpose, "sha256")


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unwritten(text: str) -> str:
    """What was written so; empty when nothing was. It is asked of what we signed only."""
    try:
        return base64.urlsafe_b64decode(text + "==").decode()
    except ValueError:
        return ""
