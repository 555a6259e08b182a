"""What the mails say: plain text, a link where there is a place for it to lead to, a code."""

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from typing import Final
from urllib.parse import quote

from storage.mails import Letter
from storage.rows import MailKind

_SUBJECTS: Final = {
    MailKind.VERIFY_EMAIL: "Confirm your e-mail address",
    MailKind.CHANGE_EMAIL: "Confirm your new e-mail address",
    MailKind.RESET_PASSWORD: "Reset your password",
    MailKind.PASSWORD_CHANGED: "Your password was changed",
    MailKind.EMAIL_CHANGED: "Your e-mail address was changed",
}
_OPENINGS: Final = {
    MailKind.VERIFY_EMAIL: "please confirm that this address is yours. It takes a day at the most.",
    MailKind.CHANGE_EMAIL: "please confirm that this is your new address, within a day.",
    MailKind.RESET_PASSWORD: "somebody, hopefully you, wants another password for your account. "
    "This works once, for one hour.",
    MailKind.PASSWORD_CHANGED: "the password of your account was changed, and everything that was "
    "signed in with the old one was signed out.",
    MailKind.EMAIL_CHANGED: "your account has another e-mail address from now on; this one gets no "
    "more mails.",
}
_CLOSINGS: Final = {
    MailKind.VERIFY_EMAIL: "If you have no account here, ignore this mail.",
    MailKind.CHANGE_EMAIL: "If you did not ask for this, ignore this mail: nothing changes.",
    MailKind.RESET_PASSWORD: "If it was not you, ignore this mail: nothing changes.",
    MailKind.PASSWORD_CHANGED: "If it was not you, reset the password at once.",
    MailKind.EMAIL_CHANGED: "If it was not you, write to whoever runs this service.",
}
_PAGES: Final = {
    MailKind.VERIFY_EMAIL: "verify-email",
    MailKind.CHANGE_EMAIL: "verify-email",
    MailKind.RESET_PASSWORD: "reset-password",
}


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes letters as mails; without *app_url* they hold no links."""

    sender: str
    app_url: str

    def written(self, letter: Letter) -> EmailMessage:
        """The mail, ready to be sent. Raises ValueError or IndexError for what is no address."""
        message = EmailMessage(policy=SMTP)
        message["Subject"] = _SUBJECTS[letter.kind]
        message["From"] = self.sender
        # One reader: what is written like a list of addresses, or a header, is no address.
        message["To"] = Address(addr_spec=letter.email)
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2].rstrip("> "))
        # Nobody answers on holiday to a machine (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self._text(letter), cte="quoted-printable")
        return message

    def link(self, letter: Letter) -> str | None:
        """Where the mail leads. The code stands behind a #, which no server gets to see."""
        page = _PAGES.get(letter.kind)
        if letter.code is None or page is None or not self.app_url:
            return None
        return f"{self.app_url}/{page}#code={quote(letter.code)}"

    def _text(self, letter: Letter) -> str:
        link = self.link(letter)
        parts = [
            f"Hello {letter.username},",
            _OPENINGS[letter.kind],
            *([f"Open this link:\n{link}"] if link else []),
            *([f"{'Or use this' if link else 'The'} code:\n{letter.code}"] if letter.code else []),
            _CLOSINGS[letter.kind],
        ]
        return "\n\n".join(parts) + "\n"
