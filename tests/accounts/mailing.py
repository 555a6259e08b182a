"""Mails as their readers get them: sent by the job's own code, into a folder."""

import email
import re
from email.policy import default

from sqlalchemy import select, update

from server.mail.letters import Letters
from server.mail.postboxes import Folder
from storage.tables import mails
from workers.mails import send

CODE = re.compile(r"code:\s+(\S+)")


class Mailbox:
    """Sends what waits, and reads what came."""

    def __init__(self, database, directory, app_url="https://app.example"):
        self._database = database
        self._directory = directory
        self.postbox = Folder(
            directory, Letters("PicShare <no-reply@example.org>", app_url), is_told=False
        )

    async def sent_to(self, address):
        """Every mail to that address, the ones that wait being sent first."""
        waiting = select(mails.c.id).where(mails.c.sent_at.is_(None)).order_by(mails.c.id)
        async with self._database.connect() as connection:
            ids = (await connection.execute(waiting)).scalars().all()
        for id in ids:
            await send(self._database, self.postbox, id)
        found = [
            email.message_from_bytes(path.read_bytes(), policy=default)
            for path in sorted(
                self._directory.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns
            )
        ]
        return [message for message in found if message["To"] == address]

    async def code(self, address, subject):
        """The code in the latest mail with that subject."""
        texts = [
            message.get_content()
            for message in await self.sent_to(address)
            if message["Subject"] == subject
        ]
        return CODE.search(texts[-1]).group(1)


async def let_run_out(database, address):
    """As if the time of every code sent there were over."""
    async with database.begin() as tx:
        theirs = update(mails).where(mails.c.email == address)
        await tx.execute(theirs.values(expires_at=mails.c.created_at))
