"""Texts that users write: cleaned of what nobody sees, and measured as people count."""

import unicodedata

from storage.refusals import Invalid, TooLong

CODE_POINTS_PER_CHARACTER = 10
_BREAKS = frozenset("\n\r\t\u2028\u2029")


def line(text: str, maximum: int, *path: str) -> str:
    """*text* on one line, in NFC, without blanks around it.

    Raises TooLong when it has more than *maximum* characters, Invalid for control characters.
    """
    clean = prose(text, maximum, *path)
    if any(character in _BREAKS for character in clean):
        raise Invalid(f"{path[-1]} must be one line", *path)
    return clean


def prose(text: str, maximum: int, *path: str) -> str:
    """Like `line`, but line breaks and tabs are welcome; nothing to see is no text at all."""
    clean = unicodedata.normalize("NFC", text).strip()
    if any(_is_control(character) for character in clean):
        raise Invalid(f"{path[-1]} must not hold control characters", *path)
    length = visible_length(clean)
    # A single character can carry any number of marks; a family emoji has seven code points.
    if length > maximum or len(clean) > maximum * CODE_POINTS_PER_CHARACTER:
        raise TooLong(f"{path[-1]} has {length:,} characters; the most is {maximum:,}", *path)
    return clean if length else ""


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
    return unicodedata.category(character) in {"Cc", "Cs"} and character not in _BREAKS
