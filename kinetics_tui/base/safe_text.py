"""Text from outside as it may be printed: nothing in it that a terminal obeys, whoever wrote it.

Command lines for the user to copy: whatever a folder is called, the line shown is the one that works.
"""

from __future__ import annotations

import os
import re
import shlex
import unicodedata
from functools import lru_cache
from typing import Any

import msgspec
from rich.cells import cell_len

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


def shell_word(text: str) -> str:
    """``text`` as one word of a shell line; what a terminal would not print is spelt out in ``$'...'``."""
    if clean(text) == text:
        return shlex.quote(text)
    return "$'" + "".join(map(_spelt, text)) + "'"


def _spelt(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character.isascii() and character.isprintable():
        return character
    # Three octal digits always end where they should; ``\\x`` would swallow a digit that follows.
    return "".join(f"\\{byte:03o}" for byte in os.fsencode(character))


ELLIPSIS = "…"


MOST_CHARACTERS = 4000
"""More than a whole screen of them; what is longer is cut, so that no text takes memory without end."""


def clean(text: str) -> str:
    """``text`` without anything that a terminal obeys instead of printing.

    Labels and messages come from files and servers that anyone may have written. Control
    characters, escapes, direction marks and line breaks become ``?``, other blanks a space, and
    characters without a width of their own are dropped (they could pile up without end). The rest of
    a text without end is cut off.
    """
    if len(text) > MOST_CHARACTERS:
        text = text[: MOST_CHARACTERS - 1] + ELLIPSIS
    return text if text.isascii() and text.isprintable() else _cleaned(text)


@lru_cache(4096)
def _cleaned(text: str) -> str:
    kept = []
    for character in unicodedata.normalize("NFC", text):
        if character.isprintable():
            if cell_len(character):
                kept.append(character)
        else:
            kept.append(" " if unicodedata.category(character) == "Zs" else "?")
    return "".join(kept)


def apprise_scheme(url: str) -> str:
    """The service that an Apprise address is of."""
    found = _APPRISE_URL.fullmatch(url)
    return found[1].lower() if found else "?"


_APPRISE_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://\S+")
