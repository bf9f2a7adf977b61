"""What goes to a terminal carries nothing that it would obey."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from kinetics_tui.base.safe_text import (
    ELLIPSIS,
    LONGEST_LINE,
    MOST_CHARACTERS,
    clean,
    json_line,
    plain,
    plain_lines,
)

ORDERS = [
    "\x1b[2J",
    "\x1b]52;c;eA==\x07",
    "\x1b]8;;http://x\x1b\\",
    "\x9b2J",
    "\x90q\x9c",
    "\r",
    "\b",
    "\x7f",
]
HIDDEN = ["\u202e", "\u2066", "\u200b", "\ufeff", "\U000e0041", "\ud800", "\u2028", "\n"]


@pytest.mark.parametrize("text", ORDERS + HIDDEN)
def test_what_a_terminal_obeys_becomes_a_sign_of_its_own(text: str) -> None:
    assert plain(f"a{text}b").isprintable()
    assert plain(f"a{text}b")[0] + plain(f"a{text}b")[-1] == "ab"
    assert "\N{REPLACEMENT CHARACTER}" in plain(text)


@given(st.text())
def test_any_text_becomes_one_printable_line(text: str) -> None:
    assert plain(text).isprintable()
    assert plain(plain(text)) == plain(text)


def test_ordinary_labels_stand_as_they_are() -> None:
    for label in ["massaging person's head", "Größe 9", "球をつく", "क्रिकेट", "ตีกอล์ฟ", "Trượt băng"]:
        assert plain(label) == label


def test_a_flood_of_marks_is_cut() -> None:
    assert len(plain("e" + "\u0301" * 200)) < 10


def test_a_flood_of_text_is_cut() -> None:
    assert len(plain("x" * 10_000_000)) == LONGEST_LINE


def test_lines_stay_lines() -> None:
    assert plain_lines("a\nb\x1b[2J") == "a\nb\N{REPLACEMENT CHARACTER}[2J"


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_json_says_the_same_in_ascii(value: dict[str, str]) -> None:
    line = json_line(value)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line) == value
    assert msgspec.json.decode(line) == value


@given(st.text())
def test_clean_text_is_printable_and_has_no_zero_width_characters(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.isprintable()
    assert all(cell_len(character) for character in cleaned)


def test_a_text_without_end_is_cut() -> None:
    assert clean("x" * 10_000_000) == "x" * (MOST_CHARACTERS - 1) + ELLIPSIS
    assert len(clean("é" * 10_000_000)) == MOST_CHARACTERS


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("\x1b[2J\x1b]0;gone\x07", "?[2J?]0;gone?"),
        ("line\nfeed\r\ttab", "line?feed??tab"),
        ("evil\u202etxt.exe", "evil?txt.exe"),
        ("c1 \x9b31m", "c1 ?31m"),
        ("no\u00a0break", "no break"),
        ("e\u0301te\u0301", "été"),
        ("z\u0335\u0336\u0337", "z"),
        ("playing 琵琶", "playing 琵琶"),
    ],
)
def test_clean_takes_out_what_a_terminal_obeys(hostile: str, harmless: str) -> None:
    assert clean(hostile) == harmless
