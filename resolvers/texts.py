"""Texts that users write: cleaned of what nobody sees, and measured as people count."""

import unicodedata

from storage.refusals import Invalid, TooLong

CODE_POINTS_PER_CHARACTER = 10
_BREAKS = frozenset("\n\r\t\u2028\u2029")
# Letters and a symbol that nobody sees: the fillers of Hangul, and Braille without a dot.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_FLAG_LETTERS = frozenset(map(chr, range(0x1F1E6, 0x1F200)))


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
    if length > maximum:
        raise TooLong(f"{path[-1]} has {length:,} characters; the most is {maximum:,}", *path)
    most = maximum * CODE_POINTS_PER_CHARACTER
    if len(clean) > most:
        raise TooLong(f"{path[-1]} has {len(clean):,} code points; the most is {most:,}", *path)
    return clean if any(map(_is_seen, clean)) else ""


def visible_length(text: str) -> int:
    """How many characters people see, to a good approximation of Unicode's UAX #29.

    What joins the character before it does not count: combining marks, variation selectors,
    skin tones, symbols that a zero-width joiner ties together, the second half of a flag.
    """
    length = 0
    before = ""
    for character in text:
        if before == "\u200d" and unicodedata.category(character) == "So":
            before = character
        elif before in _FLAG_LETTERS and character in _FLAG_LETTERS:
            # The next letter begins another flag.
            before = ""
        else:
            length += not _continues(character)
            before = character
    return length


def _continues(character: str) -> bool:
    return (
        unicodedata.category(character) in {"Mn", "Mc", "Me", "Cf"}
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )


def _is_seen(character: str) -> bool:
    return not (character.isspace() or character in _BLANKS or _continues(character))


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs"} and character not in _BREAKS
