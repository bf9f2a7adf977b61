"""What goes to a terminal carries nothing that it would obey."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics_tui.base.safe_text import LONGEST_LINE, json_line, plain, plain_lines

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
