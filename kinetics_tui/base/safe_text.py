"""Text from outside made harmless, whoever wrote it: for a terminal, a page, the ledger, the log, a table.

Labels, messages and names come from files and servers that anyone may have written. ``mask_credentials``
is the one place where users and passwords go out of addresses.
"""

from __future__ import annotations

import os
import re
import shlex
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from kinetics_tui.base.any_text import to_json

if TYPE_CHECKING:
    from markupsafe import Markup

ELLIPSIS = "…"
HIDDEN = "***"
"""Stands in the place of a secret."""
MOST_CHARACTERS = 4000
"""More than a whole screen of them; what is longer is cut, so that no text takes memory without end."""
MOST_MARKS = 4
"""Marks that sit on one letter; no script needs more, and hundreds would paint over the lines around."""

_CREDENTIALS = re.compile(
    r"""(?<=://) (?:
        (?! [^\s:@/?\#]+ [/?\#] [^\s:]* @ [^\s@]* (?!\S) )  # not where it is one of the path or query
        \S* @
        | [^\s:@/?\#]* : [^\s@]+ \s .* @  # a blank in the password
    )""",
    re.VERBOSE,
)
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?", re.DOTALL)
_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_NOT_ASCII = re.compile(r"[^ -~]")
APPRISE_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://\S+")


def for_screen(text: str) -> str:
    """``text`` as one line of the app's screen: every character has a width, and none is obeyed.

    Control characters, escapes, direction marks and line breaks become ``?``, other blanks a space, and
    characters without a width of their own are dropped (they could pile up without end).
    """
    text = _cut(text, ELLIPSIS)
    return text if text.isascii() and text.isprintable() else _with_widths(text)


def for_terminal(text: str) -> str:
    """``text`` as one printed line: what a terminal obeys or hides becomes ``U+FFFD``."""
    text = _cut(text, "...")
    if text.isascii() and text.isprintable():
        return text
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks <= MOST_MARKS:
            kept.append(character)
    return _visible("".join(kept), "\N{REPLACEMENT CHARACTER}")


def lines_for_terminal(text: str) -> str:
    """``text`` as printed lines, each of them ``for_terminal``."""
    return "\n".join(map(for_terminal, text.split("\n")))


def for_page(text: str) -> Markup:
    """``text`` as it may stand in a page of HTML, in an attribute too; a template escapes it no more."""
    from markupsafe import escape  # only where a page is made

    return escape(for_terminal(text))


def for_ledger(text: str) -> str:
    """A message as it is kept and told: one line without escapes, control characters and credentials."""
    return " ".join(_visible(mask_credentials(_ESCAPES.sub("", text)), " ").split())


def storable(text: str) -> str:
    """Text as SQLite can hold it: without the halves of characters that bad decoding leaves."""
    return text.encode("utf-8", "replace").decode()


def for_log(text: str) -> str:
    """Lines of a log: control characters become ``?``, halves of surrogate pairs are spelt out."""
    text = text.encode("utf-8", "backslashreplace").decode()
    return _visible(mask_credentials(text), "?", kept="\n\t")


def for_table(text: str) -> str:
    """A cell of a table that other programs read: one line, its blanks as they are, nothing hidden in it."""
    return "".join(each for each in text.replace("\n", " ") if each.isprintable() or _BLANKS.match(each))


def mask_credentials(text: str) -> str:
    """``text`` with ``***`` in the place of the user and password in each address (``scheme://...``).

    A password may hold an ``@``, a ``/`` or a blank that should have been percent-encoded. So all before the
    last ``@`` of an address goes, unless that ``@`` is plainly one of a path or a query: there is no ``:``
    before it. Where a blank comes before any ``@`` and there is a ``:``, the last ``@`` of the line counts.
    """
    return _CREDENTIALS.sub(f"{HIDDEN}@", text) if "@" in text else text


def apprise_scheme(url: str) -> str:
    """The service that an Apprise address is of; the rest of it is a secret as a whole."""
    found = APPRISE_URL.fullmatch(url)
    return found[1].lower() if found else "?"


def json_line(value: Any) -> str:
    """Plain data as one line of JSON in ASCII alone: a terminal may take other characters for orders."""
    return _NOT_ASCII.sub(_escaped, to_json(value).decode())


def shell_word(text: str) -> str:
    """``text`` as one word of a shell line to copy; what a terminal would not print is spelt ``$'...'``."""
    if for_screen(text) == text:
        return shlex.quote(text)
    return "$'" + "".join(map(_spelt, text)) + "'"


def _cut(text: str, ending: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - len(ending)] + ending


def _visible(text: str, sign: str, *, kept: str = "") -> str:
    """``text`` with a space for every other blank, and ``sign`` for what cannot be printed."""
    if text.isprintable():
        return text
    text = _BLANKS.sub(" ", text)
    return "".join(each if each.isprintable() or each in kept else sign for each in text)


@lru_cache(4096)
def _with_widths(text: str) -> str:
    from rich.cells import cell_len  # a program that shows nothing need not load it

    return "".join(filter(cell_len, _visible(unicodedata.normalize("NFC", text), "?")))


def _escaped(found: re.Match[str]) -> str:
    # Outside of strings JSON is ASCII.
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _spelt(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character.isascii() and character.isprintable():
        return character
    # Three octal digits always end where they should; ``\\x`` would swallow a digit that follows.
    return "".join(f"\\{byte:03o}" for byte in os.fsencode(character))
