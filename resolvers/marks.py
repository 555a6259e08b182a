"""What people mark in what they write: @names and #tags."""

import re
import unicodedata
from itertools import takewhile
from typing import Final

from resolvers.credentials import MAX_USERNAME, MIN_USERNAME

MAX_MENTIONS: Final = 20

# An @ in the middle of a word is that of an address.
_MENTION: Final = re.compile(r"(?<![\w.@])@([A-Za-z0-9][A-Za-z0-9_.]*)(?!\w)")
# A # in the middle of a word or of a path is that of a link, and &# begins an HTML entity.
_HASHTAGS: Final = re.compile(r"(?<![\w&/#])#\S+")


def mentions(text: str) -> list[list[str]]:
    """The first 20 mentions of different people, each as the names it can be read as.

    A username may end in dots and so may a sentence: "@ann." is Ann's if nobody is "ann.".
    """
    written = dict.fromkeys(match[1].lower() for match in _MENTION.finditer(text))
    readable = (readings for name in written if (readings := _readings(name)))
    return [readings for readings, _ in zip(readable, range(MAX_MENTIONS), strict=False)]


def _readings(name: str) -> list[str]:
    shortest = len(name.rstrip("."))
    ends = range(len(name), shortest - 1, -1)
    return [name[:end] for end in ends if MIN_USERNAME <= end <= MAX_USERNAME]


def hashtags(text: str) -> list[str]:
    """The tags in a text, as `tag` makes them, each once, in their order.

    "#sea#sun" are two; a mere number is none: "we are #1".
    """
    runs = (match[0].split("#") for match in _HASHTAGS.finditer(text))
    words = ("".join(takewhile(_is_of_word, part)) for run in runs for part in run)
    return list(dict.fromkeys(tag(word) for word in words if is_word(word) and _has_letter(word)))


def tag(word: str) -> str:
    """A word as it is kept and found as a tag: without case."""
    # The capital I with a dot of Turkish is folded to an i with one more dot above it.
    return unicodedata.normalize("NFC", word.casefold().replace("i\u0307", "i"))


def is_word(text: str) -> bool:
    """Whether a text is one word: letters, digits, underscores, and what belongs to them.

    Many scripts write vowels as marks, and some need a joiner inside a word.
    """
    return bool(re.match(r"\w", text)) and all(map(_is_of_word, text))


def _is_of_word(character: str) -> bool:
    return (
        character.isalnum()
        or character in "\u200c\u200d"
        # True for the marks, too, that Unicode lets continue a word.
        or f"_{character}".isidentifier()
    )


def _has_letter(word: str) -> bool:
    return any(map(str.isalpha, word))
