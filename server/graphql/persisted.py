"""Documents that are asked for by an id instead of their text.

Trusted ones are known from the start; automatic ones are sent once with their text and its
hash. Sources: https://www.apollographql.com/docs/apollo-server/performance/apq (the protocol),
https://github.com/graphql/graphql-over-http (documentId).
"""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import orjson
from graphql import GraphQLError

from server.graphql.requests import Asked

Mode = Literal["off", "allow", "only"]

NOT_FOUND: Final = "PERSISTED_QUERY_NOT_FOUND"
NOT_TRUSTED: Final = "DOCUMENT_NOT_TRUSTED"
# graphql-codegen writes it before the hash, and clients send it or not.
PREFIX: Final = "sha256:"
# Measured with tracemalloc: an entry beside its text.
BYTES_AN_ENTRY: Final = 400


class BadManifest(Exception):
    """A file of trusted documents that cannot be used; the text says why."""


class NotAnswered(GraphQLError):
    """The document that was asked for is not known, or not admitted."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message, extensions={"code": code})


def manifest(paths: Sequence[Path]) -> dict[str, str]:
    """The texts of trusted documents by their ids, without the prefix. Raises BadManifest.

    An id that two files give to different texts is an error: one of them would not be trusted.
    """
    found: dict[str, str] = {}
    for path in paths:
        for id, text in _read(path).items():
            if found.setdefault(id.removeprefix(PREFIX), text) != text:
                raise BadManifest(f"{path}: {id} is another document in an earlier file")
    return found


def _read(path: Path) -> dict[str, str]:
    try:
        members = orjson.loads(path.read_bytes())
    except OSError as error:
        raise BadManifest(f"{path}: {error.strerror}") from None
    except orjson.JSONDecodeError:
        raise BadManifest(f"{path}: is no JSON") from None
    if not isinstance(members, dict) or not all(isinstance(text, str) for text in members.values()):
        raise BadManifest(f"{path}: must be an object of ids and documents")
    return members


class Persisted:
    """The documents of one process that have an id."""

    def __init__(
        self, mode: Mode = "allow", trusted: Mapping[str, str] | None = None, max_bytes: int = 0
    ) -> None:
        self._mode = mode
        self._trusted = trusted or {}
        self._max_bytes = max_bytes
        # The one that was not used for the longest time comes first.
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._bytes = 0

    @property
    def is_trusted_only(self) -> bool:
        """Whether free text is refused."""
        return self._mode == "only"

    def text(self, asked: Asked) -> str:
        """The document that is to be executed. Raises NotAnswered."""
        trusted = self._of_trusted(asked)
        if trusted is not None:
            return trusted
        if self._mode == "only":
            raise NotAnswered(
                NOT_TRUSTED,
                "only trusted documents are answered here: send the documentId of one",
            )
        if asked.document_id is not None:
            raise NotAnswered("DOCUMENT_NOT_FOUND", "no trusted document has that documentId")
        return asked.query if asked.sha256 is None else self._automatic(asked.query, asked.sha256)

    def _of_trusted(self, asked: Asked) -> str | None:
        if self._mode == "off":
            return None
        id = asked.document_id or asked.sha256 or ""
        text = self._trusted.get(id.removeprefix(PREFIX))
        if text is not None and asked.query and asked.query != text:
            raise NotAnswered("PERSISTED_QUERY_MISMATCH", "the id is that of another document")
        return text

    def _automatic(self, query: str, sha256: str) -> str:
        if self._mode == "off":
            raise NotAnswered("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")
        if query:
            if hashlib.sha256(query.encode()).hexdigest() != sha256.lower():
                raise NotAnswered("PERSISTED_QUERY_MISMATCH", "provided sha does not match query")
            return query
        text = self._kept.get(sha256.lower())
        if text is None:
            # Clients wait for these very words to send the text as well.
            raise NotAnswered(NOT_FOUND, "PersistedQueryNotFound")
        self._kept.move_to_end(sha256.lower())
        return text

    def keep(self, asked: Asked) -> None:
        """Remember a document that turned out to be valid by the hash it came with.

        What does not fit is forgotten, the longest unused first: its client is told so, and
        sends the text again.
        """
        if asked.sha256 is None or not asked.query or self._mode != "allow":
            return
        sha256 = asked.sha256.lower()
        if sha256 in self._kept:
            return
        self._kept[sha256] = asked.query
        self._bytes += _size(asked.query)
        while self._bytes > self._max_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= _size(oldest)


def _size(text: str) -> int:
    # Python keeps up to four bytes for a character.
    return BYTES_AN_ENTRY + len(text) * (1 if text.isascii() else 4)
