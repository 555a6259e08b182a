"""How mails leave: over SMTP, or into a folder for development.

smtplib in a thread: a worker sends few mails, each in a fraction of a second, and the standard
library's client is the one that everybody's servers are tested with.
"""

import asyncio
import secrets
import smtplib
import ssl
from dataclasses import dataclass
from email.errors import MessageError
from email.message import EmailMessage
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from server.mail.letters import Letters
from storage.mails import Letter
from workers.mails import NotDelivered

TIMEOUT_S: Final = 20.0
PORTS: Final = {"smtps": 465, "smtp": 587, "smtp+plain": 25}


@dataclass(frozen=True, slots=True, repr=False)
class Smtp:
    """Hands mails to the server at *url*.

    smtps:// speaks TLS from the start, smtp:// insists on STARTTLS, smtp+plain:// encrypts
    nothing. Certificates are checked, against *authority* if there is one.
    """

    url: str
    letters: Letters
    authority: ssl.SSLContext | None = None

    async def deliver(self, letter: Letter) -> None:
        """Return when the server has taken the letter. Raises NotDelivered."""
        try:
            message = self.letters.written(letter)
        except (ValueError, IndexError, MessageError) as error:
            raise NotDelivered("the address cannot stand in a mail", is_final=True) from error
        await asyncio.to_thread(self._send, message)

    def _send(self, message: EmailMessage) -> None:
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            is_final = all(code >= _FOR_GOOD for code in codes)
            raise NotDelivered(f"the address was refused: {codes}", is_final=is_final) from error
        except smtplib.SMTPNotSupportedError as error:
            # Such as an address outside of ASCII, to a server that knows no others.
            raise NotDelivered("the server cannot take such a mail", is_final=True) from error
        except (smtplib.SMTPException, OSError) as error:
            code = getattr(error, "smtp_code", "")
            raise NotDelivered(f"{type(error).__name__} {code}".strip()) from error

    def _connected(self) -> smtplib.SMTP:
        address = urlsplit(self.url)
        host, port = address.hostname or "", address.port or PORTS[address.scheme]
        context = self.authority or ssl.create_default_context()
        if address.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(host, port, timeout=TIMEOUT_S)
        try:
            if address.scheme == "smtp":
                server.starttls(context=context)
            if address.username:
                server.login(unquote(address.username), unquote(address.password or ""))
        except BaseException:
            server.close()
            raise
        return server


# From 500 on, trying again does not help (RFC 5321, 4.2.1).
_FOR_GOOD: Final = 500


@dataclass(frozen=True, slots=True, repr=False)
class Folder:
    """Puts mails into files for a developer to open, and may say each on one line."""

    directory: Path
    letters: Letters
    is_told: bool

    async def deliver(self, letter: Letter) -> None:
        """Return when the file is there. Raises NotDelivered."""
        try:
            message = self.letters.written(letter)
        except (ValueError, IndexError, MessageError) as error:
            raise NotDelivered("the address cannot stand in a mail", is_final=True) from error
        try:
            await asyncio.to_thread(self._write, message)
        except OSError as error:
            raise NotDelivered(f"{self.directory}: {error.strerror}") from error
        if self.is_told:
            what = self.letters.link(letter) or letter.code or ""
            print(f"Mail to {letter.email}: {message['Subject']} {what}".rstrip(), flush=True)  # noqa: T201

    def _write(self, message: EmailMessage) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        # In the order of sending, and whole as soon as it has its name.
        name = f"{message['Date'].datetime:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        unfinished = self.directory / f"{name}.new"
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(message.as_bytes())
        unfinished.replace(self.directory / f"{name}.eml")
