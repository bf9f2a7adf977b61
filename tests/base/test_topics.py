"""Help topics: read from their files, found under the nearest name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kinetics_tui.base.topics import find_topic, nearest_name, topic_names, topic_text, without_topic_links


def test_a_topic_is_its_title_its_summary_and_its_text() -> None:
    topic = find_topic("networks")
    assert topic.title == "Networks and throttling"
    assert topic.summary in topic_text("networks")


def test_pictures_are_left_out_of_the_text() -> None:
    for name in topic_names():
        assert "![" not in topic_text(name)
        assert "\n\n\n" not in topic_text(name)


@pytest.mark.parametrize("name", ["", "network", "../README", "__init__"])
def test_only_topics_are_read(name: str) -> None:
    with pytest.raises(KeyError):
        topic_text(name)


def test_links_to_topics_become_their_words_and_others_stay() -> None:
    text = "See [waits](networks.md) and [terms](https://example.org/terms.md)."
    assert without_topic_links(text) == "See **waits** and [terms](https://example.org/terms.md)."


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("netwroks", "networks"),
        ("Network", "networks"),
        ("fail", "failures"),
        (" settings ", "settings"),
        ("quux", None),
        ("", None),
    ],
)
def test_the_nearest_name_is_found(typed: str, meant: str | None) -> None:
    assert nearest_name(typed, topic_names()) == meant


def test_reading_topics_loads_neither_rich_nor_textual() -> None:
    code = (
        "import sys; from kinetics_tui.base.topics import *; find_topic('speed');"
        "print(sorted({'rich', 'textual'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
