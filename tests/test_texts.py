"""Characters as people count them."""

import pytest

from resolvers.texts import line, prose, visible_length
from storage.refusals import Invalid, TooLong


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("abc", 3),
        ("e\u0301", 1),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", 1),
        ("\U0001f44d\U0001f3fd", 1),
        ("\u2764\ufe0f!", 2),
        ("\u200b\u200b", 0),
        ("\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", 2),
        ("\u0915\u093f", 1),
        ("a\u200db\u200dc", 3),
    ],
)
def test_visible_length(text, length):
    assert visible_length(text) == length


def test_a_line_is_cleaned():
    assert line("  e\u0301t\u00e9 ", 3, "input", "title") == "\u00e9t\u00e9"
    assert line(" \u200b ", 3, "input", "title") == ""


@pytest.mark.parametrize("text", ["\u200b \u2060", "\u3164", "\u2800\n\u2800", "\u0301", "\u202e"])
def test_nothing_to_see_is_no_text(text):
    assert prose(text, 10, "input", "body") == ""


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a\u2028b", "a\x07b", "a\x00b"])
def test_a_line_holds_no_breaks_and_no_controls(text):
    with pytest.raises(Invalid):
        line(text, 10, "input", "title")


def test_prose_holds_breaks_but_no_controls():
    assert prose("a\n\tb", 10, "input", "bio") == "a\n\tb"
    with pytest.raises(Invalid):
        prose("a\x1bb", 10, "input", "bio")


def test_too_long_says_how_long():
    with pytest.raises(TooLong) as caught:
        prose("x" * 2_301, 2_200, "input", "caption")
    assert caught.value.message == "caption has 2,301 characters; the most is 2,200"
    assert caught.value.path == ("input", "caption")


def test_marks_do_not_hide_any_amount_of_text():
    with pytest.raises(TooLong) as caught:
        line("e" + "\u0301" * 1_000, 10, "input", "title")
    assert caught.value.message == "title has 1,000 code points; the most is 100"
