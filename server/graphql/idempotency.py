"""One effect and one answer for a mutation, however often it is sent with the same key.

Source: https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header. The key
row is written in the transaction of the mutation itself (storage/single.py): a process that
dies leaves both or neither. Answers hold tokens and signed addresses, so they are sealed with a
key that is made of the client's key and our secret, and only the client has the first.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

import orjson
from Crypto.Cipher import AES

from resolvers.context import Context
from server.graphql import errors
from server.graphql.answers import Answer
from server.graphql.requests import KEY_HEADER as HEADER
from storage import idempotency
from storage.database import Writing
from storage.idempotency import Kept
from storage.reached import Unavailable
from storage.rows import UserId
from storage.single import OneTransaction

Run = Callable[[Context], Awaitable[Answer]]

REPLAYED: Final = "Idempotency-Replayed"
REUSED: Final = "IDEMPOTENCY_KEY_REUSED"
IN_USE: Final = "IDEMPOTENCY_KEY_IN_USE"
BAD: Final = "IDEMPOTENCY_KEY_INVALID"
LONGEST: Final = 255
# Guests share one space of keys, so theirs must not be guessed.
SHORTEST_OF_GUESTS: Final = 16
_NONCE: Final = 12
_TAG: Final = 16


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """A mutation with a key: what it asks for, in one form however it was sent."""

    key: str
    text: str
    operation: str
    variables: object


class _Taken(Unavailable):
    """The answer exists already, or is being made; nobody outside gets to see this."""


class Once:
    """Executes mutations once a key; processes with one secret know each other's."""

    def __init__(self, secret: str) -> None:
        self._secret = hmac.digest(secret.encode(), b"picshare idempotency", "sha256")

    async def answer(self, request: Request, name: str, context: Context, run: Run) -> Answer:
        """The answer of *run*, or the one it gave before.

        All or nothing: when it comes to an error nothing was done, and the key is free again.
        """
        viewer = context.caller.session.user_id if context.caller.session else None
        if not _is_usable(request.key, viewer):
            return _refused(name, BAD, f"{HEADER} must be {_RULE}")
        one = _Claim(self._secret, request, viewer)
        async with context.parts.database.connect() as connection:
            kept = await idempotency.of(connection, one.id)
        if kept is None:
            answer = await self._first(one, name, context, run)
            if answer is not None:
                return answer
            async with context.parts.database.connect() as connection:
                kept = await idempotency.of(connection, one.id)
        if kept is None:
            message = f"a request with this {HEADER} is being answered; try again in a moment"
            return _refused(name, IN_USE, message)
        return one.replayed(kept, name)

    async def _first(self, claim: "_Claim", name: str, context: Context, run: Run) -> Answer | None:
        """The answer of *run*; None when another request has the key."""
        async with OneTransaction(context.parts.database, claim.begun) as single:
            context.parts = replace(context.parts, database=single)
            answer = await run(context)
            if claim.is_lost:
                return None
            if answer.outcome != "ok":
                return Answer(_nothing(answer.body), name, answer.outcome)
            try:
                async with single.begin() as tx:
                    await idempotency.keep(tx, claim.id, claim.viewer, claim.kept(answer))
            except _Taken:
                return None
            await single.commit()
        return answer


class _Claim:
    def __init__(self, secret: bytes, request: Request, viewer: UserId | None) -> None:
        scope = viewer.hex if viewer is not None else "guest"
        self.viewer = viewer
        self.id = _digest(secret, "id", scope, request.key)
        self.is_lost = False
        self._seal = _digest(secret, "seal", scope, request.key)
        variables = orjson.dumps(request.variables, option=orjson.OPT_SORT_KEYS).decode()
        asked = (request.text, request.operation, variables)
        self._fingerprint = _digest(secret, "asked", request.key, *asked)

    async def begun(self, tx: Writing) -> None:
        """Take the key, before the first statement of the mutation."""
        is_free = await idempotency.claim(tx, self.id)
        # Asked in a later statement, which sees what the holder before us has committed.
        if not is_free or await idempotency.of(tx, self.id) is not None:
            self.is_lost = True
            raise _Taken("the idempotency key is taken")

    def kept(self, answer: Answer) -> Kept:
        """The answer as it is kept."""
        cipher = AES.new(self._seal, AES.MODE_GCM, nonce=secrets.token_bytes(_NONCE))
        cipher.update(self._fingerprint)
        sealed, tag = cipher.encrypt_and_digest(orjson.dumps(answer.body))
        return Kept(self._fingerprint, cipher.nonce + tag + sealed)

    def replayed(self, kept: Kept, name: str) -> Answer:
        """The answer that was kept, if it answers the same request."""
        if not hmac.compare_digest(kept.fingerprint, self._fingerprint):
            return _refused(name, REUSED, f"this {HEADER} was used for another request")
        nonce, tag = kept.answer[:_NONCE], kept.answer[_NONCE : _NONCE + _TAG]
        cipher = AES.new(self._seal, AES.MODE_GCM, nonce=nonce)
        cipher.update(self._fingerprint)
        opened = cipher.decrypt_and_verify(kept.answer[_NONCE + _TAG :], tag)
        return Answer(orjson.loads(opened), name, "ok", was_replayed=True)


_RULE: Final = (
    f"1 to {LONGEST} visible ASCII characters, at least {SHORTEST_OF_GUESTS} without a session; "
    "best a UUID"
)


def _is_usable(key: str, viewer: UserId | None) -> bool:
    shortest = 1 if viewer is not None else SHORTEST_OF_GUESTS
    return shortest <= len(key) <= LONGEST and key.isascii() and key.isprintable()


def _digest(secret: bytes, *parts: str) -> bytes:
    encoded = [part.encode(errors="surrogatepass") for part in parts]
    return hmac.digest(secret, b"".join(len(e).to_bytes(4) + e for e in encoded), "sha256")


def _nothing(body: dict[str, object]) -> dict[str, object]:
    return {"errors": body["errors"], "data": None} if "data" in body else body


def _refused(name: str, code: str, message: str) -> Answer:
    return Answer(errors.refused(message, code), name, code)
