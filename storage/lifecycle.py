"""Rules that the store itself keeps: old staging goes, originals move to colder storage.

Source: PutBucketLifecycleConfiguration in the Amazon S3 API reference. Stores know different parts
of it, so each rule is offered by itself, what is accepted is read back, and what is refused is
told. Rules that somebody else made stay.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.commonconfig import ENABLED, Filter
from minio.error import InvalidResponseError, S3Error, ServerError
from minio.lifecycleconfig import (
    AbortIncompleteMultipartUpload,
    Expiration,
    LifecycleConfig,
    Rule,
    Transition,
)

from storage.objects import Bucket, StoreUnavailable
from storage.uploads import ORIGINALS_PREFIX, STAGING_PREFIX
from storage.wire import pool

STAGING: Final = "picshare-staging"
PARTS: Final = "picshare-parts"
ORIGINALS: Final = "picshare-originals"
NO_RULES: Final = "the store has no lifecycle rules"
# One that does not know the question may take it for a wish to make the bucket.
UNKNOWN: Final = frozenset(
    {"NotImplemented", "MethodNotAllowed", "BucketAlreadyExists", "BucketAlreadyOwnedByYou"}
)
OURS: Final = frozenset({STAGING, PARTS, ORIGINALS})


class NotSupported(Exception):
    """The store has no rules."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """After how many days what is to happen; 0 is never."""

    staging_days: int
    cold_days: int
    cold_class: str


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one rule: *refusal* is empty when the store keeps it."""

    name: str
    wish: str
    refusal: str


class Lifecycle:
    """The rules of one bucket."""

    def __init__(self, bucket: Bucket) -> None:
        address = urlsplit(bucket.endpoint)
        self._bucket = bucket.name
        self._client = Minio(
            address.netloc,
            access_key=bucket.access_key,
            secret_key=bucket.secret_key,
            secure=address.scheme == "https",
            region=bucket.region,
            http_client=pool(1),
        )

    async def apply(self, wishes: Wishes) -> list[Applied]:
        """Have the store keep the rules that are wished for, and no other of ours.

        Raises NotSupported. Applying them again changes nothing.
        """
        return await asyncio.to_thread(self._apply, wishes)

    def _apply(self, wishes: Wishes) -> list[Applied]:
        before = self._read()
        others = [rule for rule in before if rule.rule_id not in OURS]
        wanted = _rules(wishes)
        if _same(before, [*others, *wanted.values()]):
            return [Applied(str(rule.rule_id), wish, "") for wish, rule in wanted.items()]
        applied, kept = [], others
        for wish, rule in wanted.items():
            refusal = self._offer([*kept, rule])
            kept = kept if refusal else [*kept, rule]
            applied.append(Applied(str(rule.rule_id), wish, refusal))
        if not _same(self._read(), kept):
            # Nothing took the place of a rule that is no longer wished for.
            self._write(kept)
        if not _same(self._read(), kept):
            raise NotSupported("the store does not keep the rules that it accepted")
        return applied

    def _offer(self, rules: Sequence[Rule]) -> str:
        try:
            self._write(rules)
        except S3Error as error:
            return f"{error.code}: {error.message}"
        return ""

    def _read(self) -> list[Rule]:
        with _understood():
            found = self._client.get_bucket_lifecycle(self._bucket)
        return list(found.rules) if found else []

    def _write(self, rules: Sequence[Rule]) -> None:
        """Let these be the rules; a store that knows of none is not asked to delete any.

        It would take that for a wish to delete the bucket.
        """
        with _understood():
            if rules:
                self._client.set_bucket_lifecycle(self._bucket, LifecycleConfig([*rules]))
            elif self._read():
                self._client.delete_bucket_lifecycle(self._bucket)


@contextmanager
def _understood() -> Iterator[None]:
    """What a store answers that does not know what is asked is NotSupported in here."""
    try:
        yield
    except S3Error as error:
        if error.code in UNKNOWN:
            raise NotSupported(NO_RULES) from error
        raise
    except (InvalidResponseError, ServerError) as error:
        raise NotSupported(NO_RULES) from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise StoreUnavailable("the object store cannot be reached") from error


def _rules(wishes: Wishes) -> dict[str, Rule]:
    """Each rule that is wished for, by what it says."""
    staging, originals = Filter(prefix=STAGING_PREFIX), Filter(prefix=ORIGINALS_PREFIX)
    rules = {}
    if days := wishes.staging_days:
        rules[f"{STAGING_PREFIX} expires after {days} days"] = Rule(
            ENABLED, staging, STAGING, expiration=Expiration(days=days)
        )
        rules[f"parts of unfinished uploads expire after {days} days"] = Rule(
            ENABLED,
            staging,
            PARTS,
            abort_incomplete_multipart_upload=AbortIncompleteMultipartUpload(days),
        )
    if days := wishes.cold_days:
        to = Transition(days=days, storage_class=wishes.cold_class)
        rules[f"{ORIGINALS_PREFIX} move to {wishes.cold_class} after {days} days"] = Rule(
            ENABLED, originals, ORIGINALS, transition=to
        )
    return rules


def _same(some: Sequence[Rule], others: Sequence[Rule]) -> bool:
    """Whether two lists hold the same rules; stores give them back in any order."""
    return sorted(map(repr, some)) == sorted(map(repr, others))
