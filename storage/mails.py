"""Mails: asked for in a transaction, sent by a job, and proof of an address when they come back.

A code is made when its mail is sent and kept as its SHA-256, so that neither a row nor a job
ever holds one. Whoever asks for a mail learns nothing about who has which address: that is found
out by the job.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import jobs
from storage.database import Writing, fetch_one, values
from storage.rows import MailId, MailKind, UserId
from storage.tables import credentials, departures, mail_codes, mails, users

# A link to reset a password is as good as the password; the others may wait for the evening.
LIFETIMES: Final = {MailKind.RESET_PASSWORD: timedelta(hours=1)}
LIFETIME: Final = timedelta(days=1)
CODED: Final = frozenset({MailKind.VERIFY_EMAIL, MailKind.CHANGE_EMAIL, MailKind.RESET_PASSWORD})


@dataclass(frozen=True, slots=True, repr=False)
class Letter:
    """What is to be said to whom; *code* is None in a letter that only tells."""

    kind: MailKind
    email: str
    username: str
    code: str | None


@dataclass(frozen=True, slots=True)
class Proof:
    """Who has shown that they read the mails of which address."""

    kind: MailKind
    user_id: UserId
    email: str


async def ask(tx: Writing, kind: MailKind, email: str, user_id: UserId | None = None) -> None:
    """Have a mail sent once the transaction is committed.

    Without a user it is for whoever has that address, if anybody has.
    """
    lifetime = LIFETIMES.get(kind, LIFETIME)
    making = insert(mails).values(
        kind=kind, email=email, user_id=user_id, expires_at=func.now() + literal(lifetime)
    )
    made = await values(tx, making.returning(mails.c.id))
    await jobs.send_mail(tx, MailId(made[0]))


async def begin(tx: Writing, id: MailId) -> Letter | None:
    """The letter, with a code made for this attempt; None when nobody is to get one (any more)."""
    is_due = mails.c.sent_at.is_(None) & (mails.c.expires_at > func.now())
    wanted = select(mails.c.kind, mails.c.email, mails.c.user_id).where(mails.c.id == id, is_due)
    found = (await tx.execute(wanted.with_for_update())).first()
    if found is None:
        return None
    kind, email, user_id = found
    reader = await _reader(tx, email, user_id)
    if reader is None:
        return None
    await tx.execute(update(mails).where(mails.c.id == id).values(user_id=reader[0]))
    code = await _coded(tx, id) if kind in CODED else None
    return Letter(kind, email, reader[1], code)


async def sent(tx: Writing, id: MailId) -> None:
    """Note that a mail is on its way."""
    await tx.execute(update(mails).where(mails.c.id == id).values(sent_at=func.now()))


async def use(tx: Writing, code: str, *kinds: MailKind) -> Proof | None:
    """What a code proves, once: None for one that is unknown, used, too old or of another kind."""
    named = select(mail_codes.c.mail_id).where(mail_codes.c.code_hash == _hash(code))
    is_good = (
        mails.c.used_at.is_(None),
        mails.c.expires_at > func.now(),
        mails.c.kind.in_(kinds),
    )
    using = update(mails).where(mails.c.id == named.scalar_subquery(), *is_good)
    columns = mails.c.kind, mails.c.user_id, mails.c.email
    return await fetch_one(tx, using.values(used_at=func.now()).returning(*columns), Proof)


async def withdraw(tx: Writing, user_id: UserId, *kinds: MailKind) -> None:
    """Have the codes of a user's earlier mails of these kinds prove nothing any more."""
    theirs = mails.c.user_id == user_id, mails.c.kind.in_(kinds), mails.c.used_at.is_(None)
    await tx.execute(update(mails).where(*theirs).values(used_at=func.now()))


async def awaited(connection: AsyncConnection, user_id: UserId) -> str | None:
    """The address that a user wants to change to and has not confirmed yet."""
    wanted = select(mails.c.email).where(
        mails.c.user_id == user_id,
        mails.c.kind == MailKind.CHANGE_EMAIL,
        mails.c.used_at.is_(None),
        mails.c.expires_at > func.now(),
    )
    found = await values(connection, wanted.order_by(mails.c.created_at.desc()).limit(1))
    return found[0] if found else None


async def forget_old(tx: Writing, before: datetime, at_most: int = 5_000) -> int:
    """Forget mails that were asked for before then and lead nowhere; how many there were."""
    old = select(mails.c.id).where(mails.c.created_at < before, mails.c.expires_at < func.now())
    return (await tx.execute(delete(mails).where(mails.c.id.in_(old.limit(at_most))))).rowcount


async def _reader(tx: Writing, email: str, user_id: UserId | None) -> tuple[UserId, str] | None:
    # A mail to a new address is for the user who asked; any other is for whoever has it.
    is_theirs = (
        func.lower(credentials.c.email) == func.lower(email)
        if user_id is None
        else credentials.c.user_id == user_id
    )
    known = select(users.c.id, users.c.username).join(credentials).where(is_theirs)
    is_leaving = select(departures.c.user_id).where(departures.c.user_id == users.c.id).exists()
    found = (await tx.execute(known.where(~is_leaving))).first()
    return (found[0], found[1]) if found else None


async def _coded(tx: Writing, id: MailId) -> str:
    code = secrets.token_urlsafe(32)
    await tx.execute(insert(mail_codes).values(code_hash=_hash(code), mail_id=id))
    return code


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode(errors="replace")).digest()
