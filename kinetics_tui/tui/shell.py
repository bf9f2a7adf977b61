"""Command lines for the user to copy: whatever a folder is called, the line shown is the one that works."""

from __future__ import annotations

import os
import shlex

from kinetics_tui.tui.text import clean


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
