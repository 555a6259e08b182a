"""What a resolver is given: the parts of the process, and who is asking."""

from collections.abc import Awaitable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import strawberry

from resolvers.ahead import Given, along
from resolvers.batches import Batches, Loader
from resolvers.loaders import Loaders
from storage.along import Claim
from storage.database import Database
from storage.hiding import Guesses
from storage.inbox import Asked
from storage.objects import Objects
from storage.quotas import Quota
from storage.rates import Standing
from storage.rows import NotificationRow, PhotoId, PhotoRow, SessionRow, UserId

Key = TypeVar("Key")
Value = TypeVar("Value")


class Unauthenticated(Exception):
    """The request needs a session and has none, or its token is of no use (any more)."""


class TooBusy(Exception):
    """More is being asked for than this process does at one time; the same again later may work."""


class Passwords(Protocol):
    """Slow on purpose, off the event loop, a bounded number at a time (else TooBusy)."""

    def turn(self) -> AbstractAsyncContextManager[None]:
        """One of few places at a log-in; whoever has to, waits."""
        ...

    async def hashed(self, password: str) -> str: ...

    async def match(self, password: str, password_hash: str | None) -> bool:
        """Whether the password fits; as slow for None, the hash of a user who does not exist."""
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the same password would be hashed otherwise today."""
        ...

    def close(self) -> None:
        """Finish what runs, drop what waits."""
        ...


class Tokens(Protocol):
    """Makes what a client proves its session with."""

    def access(self, session: SessionRow) -> tuple[str, datetime]:
        """A signed access token and when it ends."""
        ...

    def first_refresh(self) -> str:
        """A new random refresh token."""
        ...

    def next_refresh(self, token: str) -> str | None:
        """The one successor of a refresh token, the same each time; None for any other text."""
        ...

    def digest(self, *parts: str) -> bytes:
        """Stands for *parts* where they must not be kept; tells nothing without the secret."""
        ...


class Callers(Protocol):
    """Knows for a moment which sessions are live, so that not every request asks the database."""

    async def of(self, authorization: str | None) -> "Caller":
        """Who sends a request with that header; a bad one is a refused caller, no error."""
        ...

    def claimed(self, authorization: str | None) -> "Caller":
        """Who that is if the session lives, which reads for them find out when they can.

        What they find must not be told to anybody before it is the caller of `confirmed`.
        """
        ...

    def confirmed(self, claimed: "Caller") -> "Caller | None":
        """Who that is, if whatever was *claimed* before was found to be true; else None."""
        ...

    def forget(self, session: SessionRow) -> None:
        """Ask the database the next time."""
        ...


class Wakeup(Protocol):
    """Woken when it may be worth reading again; several wake-ups before that are one."""

    async def wait(self) -> None: ...


class Wakeups(Protocol):
    """Hears from all processes when something may have changed.

    Whoever subscribed is also woken from time to time for no reason, and each time that the
    way to the other processes was cut: reading again then finds what was not heard.
    """

    def subscribe(self, topic: str) -> AbstractContextManager[Wakeup]: ...

    def turn(self) -> AbstractAsyncContextManager[None]:
        """One of few places at reading: many may be woken at once, and requests must go on."""
        ...

    async def close(self) -> None:
        """Stop listening."""
        ...


class News(Protocol):
    """Reads the present state for many at once. Raises Unavailable."""

    async def photo(self, id: PhotoId, viewer: UserId | None) -> PhotoRow | None:
        """The photo; None when *viewer* may not see it."""
        ...

    async def told(self, asked: Asked) -> Sequence[NotificationRow]:
        """One page of what a user was told, the oldest first."""
        ...

    async def clock(self) -> datetime:
        """The time by which people are told things."""
        ...


class MediaUrls(Protocol):
    """Knows where variants are fetched, without asking anybody."""

    def of(self, key: str) -> str:
        """The address of the variant with that key: for good when it is for everybody."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """The figures that resolvers hold users to."""

    max_upload_bytes: int
    max_pixels: int
    part_bytes: int
    quota: Quota
    upload_ttl: timedelta
    publish_ttl: timedelta
    original_url_ttl: timedelta
    refresh_token_ttl: timedelta
    refresh_grace: timedelta
    login_checks_per_account: int
    login_checks_per_address: int


@dataclass(frozen=True, slots=True)
class Parts:
    """What one process has one of."""

    database: Database
    objects: Objects
    passwords: Passwords
    tokens: Tokens
    callers: Callers
    wakeups: Wakeups
    news: News
    rules: Rules
    media: MediaUrls
    guesses: Guesses


@dataclass(slots=True)
class Caller:
    """Who sends the request: a session, nobody, or somebody whose token was refused."""

    session: SessionRow | None = None
    refused: str | None = None
    claim: Claim | None = None
    """What is yet to be found out about the session."""


@dataclass(slots=True)
class Client:
    """What a request comes from: its network address, and what it calls itself."""

    address: str = ""
    agent: str = ""


@dataclass(slots=True)
class Context:
    """One operation's view of the process; dropped with it."""

    parts: Parts
    caller: Caller = field(default_factory=Caller)
    client: Client = field(default_factory=Client)
    standing: Standing | None = None
    batches: Batches = field(default_factory=Batches)
    _loaders: Loaders | None = None
    _asked: frozenset[str] = frozenset()
    _given: Given = field(default_factory=dict)
    _is_single: bool = False
    """Whether one root field is all that is asked for."""

    @property
    def database(self) -> Database:
        return self.parts.database

    @property
    def objects(self) -> Objects:
        return self.parts.objects

    @property
    def rules(self) -> Rules:
        return self.parts.rules

    @property
    def viewer_id(self) -> UserId | None:
        """Who is looking; None is a guest.

        Raises Unauthenticated when a token was sent and refused: a client whose token ran
        out must hear of it, not be shown what a guest sees.
        """
        if self.caller.refused is not None:
            raise Unauthenticated(self.caller.refused)
        return self.caller.session.user_id if self.caller.session else None

    def signed_in(self) -> SessionRow:
        """The session. Raises Unauthenticated when there is none."""
        if self.viewer_id is None or self.caller.session is None:
            raise Unauthenticated(
                "sign in first: send the header Authorization: Bearer <accessToken>"
            )
        return self.caller.session

    def act_as(self, session: SessionRow | None) -> None:
        """Answer the rest of this operation to another session, None being a guest."""
        self.caller = Caller(session)
        self._loaders = None

    def foresee(self, asked: frozenset[str], given: Given, *, is_single: bool) -> None:
        """Let reads bring along what those fields need, as `Type.field` and `Type.field.field`.

        *given* are the arguments of those that are asked for at one place only.
        """
        self._asked, self._given, self._is_single = asked, given, is_single

    def forget(self) -> None:
        """Read everything again from here on, because something was changed or went wrong."""
        self._asked, self._given, self._is_single = frozenset(), {}, False
        self._loaders = None
        self.batches = Batches()

    def end(self) -> None:
        """Let go of what was read, when nobody will ask again."""
        if self._loaders is not None:
            self._loaders.end()
            self._loaders = None

    @property
    def loaders(self) -> Loaders:
        """Batched reads for this viewer, made when first needed."""
        if self._loaders is None:
            viewer = self.viewer_id
            claim = self.caller.claim
            brought = along(self._asked, self._given, claim, self.parts.guesses)
            self._loaders = Loaders(self.parts.database, viewer, brought)
        return self._loaders

    def root(self, loader: Loader[Key, Value], key: Key) -> Awaitable[Value | None]:
        """What a root field asks a loader for; if it is the only one, it waits for no others."""
        return loader.alone(key) if self._is_single else loader.load(key)


Info = strawberry.Info[Context, None]
