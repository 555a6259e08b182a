"""What a username, an e-mail address and a password must be."""

import re
import unicodedata
from dataclasses import dataclass
from functools import partial
from typing import Final

from resolvers import texts
from schema.sessions import SignUpInput
from storage.refusals import Invalid, TooLong, together

MIN_USERNAME: Final = 3
MAX_USERNAME: Final = 30
MAX_DISPLAY_NAME: Final = 50
MAX_EMAIL_BYTES: Final = 254
MIN_PASSWORD: Final = 8
MAX_PASSWORD_BYTES: Final = 1024

# Composing makes at most three code points of two bytes each into one of two bytes.
_MAX_DECOMPOSED: Final = 2 * MAX_PASSWORD_BYTES
_NOT_IN_USERNAMES: Final = re.compile(r"[^A-Za-z0-9_.]")
_CONTROL_OR_SURROGATE: Final = frozenset({"Cc", "Cs"})


@dataclass(frozen=True, slots=True, repr=False)
class NewAccount:
    """What someone typed to sign up, once it is known to be usable."""

    username: str
    email: str
    password: str
    display_name: str


def new_account(input: SignUpInput) -> NewAccount:
    """The input in the form it is kept. Raises Refusals for all that is wrong with it."""
    checked = together(
        partial(username, input.username),
        partial(email, input.email),
        partial(new_password, input.password),
        partial(_display_name, input),
    )
    return NewAccount(*checked)


def username(text: str) -> str:
    """A username as it is kept. Raises TooLong or Invalid."""
    name = text.strip()
    path = ("input", "username")
    if len(name) > MAX_USERNAME:
        raise TooLong(f"username has {len(name):,} characters; the most is {MAX_USERNAME}", *path)
    if odd := _NOT_IN_USERNAMES.search(name):
        rule = 'it may have A-Z, a-z, 0-9, "_" and "."'
        raise Invalid(f"username has {odd.group()!a} in it; {rule}", *path)
    if len(name) < MIN_USERNAME:
        raise Invalid(f"username has {len(name)} characters; the least is {MIN_USERNAME}", *path)
    if not name[0].isalnum():
        raise Invalid(f'username begins with "{name[0]}"; begin with a letter or a digit', *path)
    return name


def email(text: str) -> str:
    """An address as it is kept. Raises TooLong or Invalid."""
    address = _composed_login(text)
    path = ("input", "email")
    local, _, domain = address.partition("@")
    if len(address) > MAX_EMAIL_BYTES or len(_encoded(address)) > MAX_EMAIL_BYTES:
        raise TooLong(f"email is too long; the most is {MAX_EMAIL_BYTES} bytes", *path)
    if not address.isprintable() or " " in address:
        raise Invalid("email has a space or an invisible character in it", *path)
    if not local or not domain or "@" in domain:
        raise Invalid('email must have something on both sides of a single "@"', *path)
    return address


def login(text: str) -> str | None:
    """A username or an address as it would be kept; None when nobody can have it."""
    name = _composed_login(text)
    return name if len(name) <= MAX_EMAIL_BYTES and name.isprintable() else None


def new_password(text: str, name: str = "password") -> str:
    """A password to be hashed, as `password` makes it. Raises TooLong or Invalid."""
    prepared = password(text, name)
    if len(prepared) < MIN_PASSWORD:
        characters = f"{len(prepared)} characters; the least is {MIN_PASSWORD}"
        raise Invalid(f"{name} has {characters}", "input", name)
    return prepared


def password(text: str, name: str = "password") -> str:
    """The password, the same however a keyboard composes it. Raises TooLong or Invalid.

    It is made as RFC 8265 says (OpaqueString): composed (NFC), every kind of space a plain
    one, no controls. NFKC would also make different passwords one, so it is not used.
    """
    if len(text) > _MAX_DECOMPOSED:
        raise _too_long_password(name)
    categories = [unicodedata.category(character) for character in text]
    if not _CONTROL_OR_SURROGATE.isdisjoint(categories):
        raise Invalid(f"{name} has a control character in it; use any others", "input", name)
    spaced = (
        " " if category == "Zs" else character
        for character, category in zip(text, categories, strict=True)
    )
    prepared = unicodedata.normalize("NFC", "".join(spaced))
    if len(prepared.encode()) > MAX_PASSWORD_BYTES:
        raise _too_long_password(name)
    return prepared


def _too_long_password(name: str) -> TooLong:
    return TooLong(f"{name} is too long; the most is {MAX_PASSWORD_BYTES:,} bytes", "input", name)


def _display_name(input: SignUpInput) -> str:
    name = texts.line(input.display_name or "", MAX_DISPLAY_NAME, "input", "displayName")
    return name or input.username.strip()


def _composed_login(text: str) -> str:
    # A text beyond every limit is not worth composing.
    return unicodedata.normalize("NFC", text.strip()) if len(text) <= MAX_PASSWORD_BYTES else text


def _encoded(text: str) -> bytes:
    return text.encode(errors="replace")
