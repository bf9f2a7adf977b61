"""Text from outside as it may be printed: nothing in it that a terminal obeys, whoever wrote it."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import msgspec

LONGEST_LINE = 4000
MOST_MARKS = 4
"""Marks that sit on one letter; no script needs more, and hundreds would paint over the lines around."""

_NOT_ASCII = re.compile(r"[^ -~]")


def plain(text: str) -> str:
    """Text as one line: control, direction and other unprintable characters become ``U+FFFD``."""
    if len(text) > LONGEST_LINE:
        text = text[: LONGEST_LINE - 3] + "..."
    if text.isascii() and text.isprintable():
        return text
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks <= MOST_MARKS:
            kept.append(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}")
    return "".join(kept)


def plain_lines(text: str) -> str:
    """Text of several lines, each of them ``plain``."""
    return "\n".join(map(plain, text.split("\n")))


def json_line(value: Any) -> str:
    """Plain data as one line of JSON in ASCII alone: a terminal may take other characters for orders."""
    return _NOT_ASCII.sub(_escaped, msgspec.json.encode(value).decode())


def _escaped(found: re.Match[str]) -> str:
    # Outside of strings JSON is ASCII.
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
