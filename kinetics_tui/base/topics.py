"""Help topics: the Markdown files of the folder ``topics``, read for whoever shows them.

The first line of a file is its title (``# Title``), the paragraph below it a summary in one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

TOPICS_FOLDER = Path(__file__).parent.parent / "topics"
GROUPS = {
    "A run": ("getting-started", "selection", "networks", "hosts", "failures", "settings"),
    "What you have": ("clips", "checking", "archives", "exports", "files"),
    "The program": ("speed", "architecture", "contributing", "changes"),
}
"""The topics by what somebody wants to do, in the order in which they are listed."""

_picture = re.compile(r"^!\[.*\]\(.*\)\n\n?", re.MULTILINE)
_link_to_topic = re.compile(r"\[([^\]]*)\]\((?:[a-z-]+)\.md\)")


class Topic(NamedTuple):
    """A topic as lists show it: ``name`` is what it is asked for by."""

    name: str
    title: str
    summary: str


def topic_names() -> list[str]:
    """The names of all topics, in the order of ``GROUPS``."""
    return [name for names in GROUPS.values() for name in names]


def find_topic(name: str) -> Topic:
    """A topic by its name. Raises KeyError where there is none."""
    lines = topic_text(name).splitlines()
    return Topic(name, lines[0].removeprefix("# "), lines[2])


def topic_text(name: str) -> str:
    """A topic as Markdown, without pictures: they do not come with the program. Raises KeyError for none."""
    if name not in topic_names():
        raise KeyError(name)
    return _picture.sub("", (TOPICS_FOLDER / f"{name}.md").read_text(encoding="utf-8"))


def without_topic_links(text: str) -> str:
    """Markdown for where links cannot be followed: of a link to another topic its words stay."""
    return _link_to_topic.sub(r"**\1**", text)


def nearest_name(text: str, names: Iterable[str]) -> str | None:
    """The name that was most likely meant; None where none is like it."""
    asked, known = text.strip().casefold(), list(names)
    begun = [name for name in known if asked and name.startswith(asked)]
    return next(iter(begun or get_close_matches(asked, known, n=1)), None)
