"""The page: whole by itself, well formed, without a script, with everything escaped."""

from __future__ import annotations

import re
from datetime import UTC
from html.parser import HTMLParser

import msgspec
import pytest

from kinetics_tui.report.figures import Count, Hour, Progress, Report, Sources
from kinetics_tui.report.page import GENERATOR, page
from tests.report.made_up import HOSTILE, full_report

_EMPTY = {"meta", "line", "rect", "br", "img"}
_KNOWN = {
    *("html", "head", "meta", "title", "style", "body", "main", "header", "section", "h1", "h2", "h3", "p"),
    *("span", "i", "div", "table", "thead", "tbody", "tr", "th", "td", "details", "summary"),
    *("svg", "rect", "line", "text"),
}


class Reader(HTMLParser):
    """Notes tags, attributes and words, and that what is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in _EMPTY or (tag == "rect" and not self.get_starttag_text().endswith("/>")):  # type: ignore[union-attr]  # a tag has a text
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"{tag} was never opened"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open[-1] != "style":
            self.words.append(data.strip())


def read(report: Report) -> Reader:
    return Reader(page(report, UTC))


def test_the_page_is_well_formed_and_tells_everything() -> None:
    reader = read(full_report())
    assert reader.open == []
    assert reader.tags <= _KNOWN
    said = " ".join(reader.words)
    for words in (
        "900 of 2,000 clips done, 100 failed, 1,000 left; 10.0 % of those settled failed.",
        "/data/my kinetics as of 2025-08-25 14:02, an engine is at work",
        "A note about the source.",
        "75 (75.0 % of failed)",
        "Tried again later: 12 timeout.",
        "Getting a clip takes longer than trimming it for 98.33 % of fetched clips.",
        "One after the other all settled clips take 2 h 17 min",
        "which is 2.1 times as fast; 2.0 workers had a clip in hand",
        "600 throttled: bot check",
        "YouTube refused once; it took 1 h 00 min in all until each was over.",
        "1.20 bytes were fetched for each that is stored.",
        "at most 600 an hour; a column is an hour",
        "cooling down",
    ):
        assert words in re.sub(r"\s+", " ", said), words


def test_it_needs_nothing_else_and_runs_nothing() -> None:
    text = page(full_report(), UTC)
    assert "<script" not in text
    assert not re.search(r"\b(src|href|url\(|@import|on[a-z]+=)", text)
    assert GENERATOR in text[:500]


def test_it_is_light_or_dark_as_its_reader_has_it() -> None:
    text = page(full_report(), UTC)
    assert "prefers-color-scheme: dark" in text
    used = set(re.findall(r"var\((--[a-z0-9]+)\)", text))
    light, dark = text.split("@media (prefers-color-scheme: dark)")[:2]
    for name in used:
        assert f"{name}:" in light
        assert f"{name}:" in dark.split("}\n}")[0]


def test_every_kind_of_shape_has_a_colour() -> None:
    text = page(full_report(), UTC)
    style, body = text.split("</style>")
    for kind in set(re.findall(r'<(?:rect|line) class="([a-z0-9-]+)"', body)):
        assert f".{kind} " in style


def test_text_from_elsewhere_is_escaped_wherever_it_stands() -> None:
    report = full_report(label=HOSTILE)
    report = msgspec.structs.replace(
        report,
        title=HOSTILE,
        source=HOSTILE,
        notes=(HOSTILE,),
        failures=(Count(HOSTILE, 3),),
        retried=(Count(HOSTILE, 3),),
        splits=tuple(msgspec.structs.replace(split, split=HOSTILE) for split in report.splits),
        sessions=tuple(
            msgspec.structs.replace(session, why=HOSTILE, network=HOSTILE) for session in report.sessions
        ),
    )
    text = page(report, UTC)
    assert "<script" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    reader = Reader(text)
    assert reader.open == []
    assert reader.tags <= _KNOWN
    assert not [name for name in reader.attributes if name.startswith("on")]
    assert HOSTILE.replace("\x1b", "\ufffd").replace("\u202e", "\ufffd") in reader.words


def test_all_classes_stand_in_a_table_with_each_split() -> None:
    said = read(full_report()).words
    at = said.index("All 2 classes")
    table = said[at:]
    assert table[table.index("archery") :][:8] == [
        "archery",
        "1,050",
        "400",
        "75",
        "15.8 %",
        "575",
        "300 + 60 of 800",
        "100 + 15 of 250",
    ]


def test_of_many_classes_the_chart_shows_both_ends() -> None:
    classes = tuple(Progress("train", f"class {n:03}", 100, 100 - n % 50, n % 50) for n in range(700))
    report = msgspec.structs.replace(full_report(), classes=classes)
    text = page(report, UTC)
    chart = text[text.index("failed most") : text.index("<summary>All 700")]
    assert chart.count('<text class="name"') == 20
    assert text.count("<tr>") > 700


def test_what_the_source_does_not_tell_is_left_out() -> None:
    empty = Report(title="x", source="y", at=0.0, whole=Progress("", "", 0, 0, 0))
    reader = read(empty)
    assert reader.open == []
    assert "svg" not in reader.tags
    assert reader.words[-1] == "y as of 1970-01-01 00:00"


@pytest.mark.parametrize("at", [-9.3e18, 9.3e18])
def test_hours_that_no_calendar_has_do_no_harm(at: float) -> None:
    hours = tuple(sorted((Hour(0.0, 1, 0, 0), Hour(at, 1, 0, 0)), key=lambda hour: hour.at))
    assert "Clips an hour" in read(msgspec.structs.replace(full_report(), hours=hours)).words


def test_sources_are_told_where_clips_come_from_archives_the_largest_by_name() -> None:
    names = [f"part_{number}{HOSTILE}" for number in range(13)]
    sources = Sources(youtube=600, archives=300, here=0, by_archive=tuple(Count(name, 9) for name in names))
    assert "Sources" not in read(full_report()).words
    reader = read(msgspec.structs.replace(full_report(), sources=sources))
    assert reader.open == []
    said = " ".join(reader.words)
    assert "Of the clips that are done 600 from YouTube, 300 from 13 archives." in said
    assert "3 archives more 27" in said
    assert "bytes were fetched for each that is stored" not in said
