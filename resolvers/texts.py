"""Texts that users write: cleaned of what nobody sees, and measured as people count."""

import unicodedata

from storage.refusals import Invalid, TooLong


def checked(text: str, maximum: int, *path: str) -> str:
    """*text* without blanks around it, in NFC.

    Raises TooLong when it has more than *maximum* characters, Invalid for control characters.
    """
    clean = unicodedata.normalize("NFC", text).strip()
    if any(_is_control(character) for character in clean):
        raise Invalid(f"{path[-1]} must not hold control characters", *path)
    length = visible_length(clean)
    if length > maximum:
        raise TooLong(f"{path[-1]} has {length:,} characters; the most is {maximum:,}", *path)
    return clean


def visible_length(text: str) -> int:
    """How many characters people see, to a good approximation.

    What joins the character before it does not count: combining marks, variation selectors,
    skin tones and whatever a zero-width joiner ties together.
    """
    length = 0
    joined = False
    for character in text:
        if not (joined or _continues(character)):
            length += 1
        joined = character == "\u200d"
    return length


def _continues(character: str) -> bool:
    return (
        unicodedata.category(character) in {"Mn", "Me", "Cf"}
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\r\t"
