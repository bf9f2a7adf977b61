"""Amounts in words."""

from __future__ import annotations

import pytest

from kinetics_tui.base.words import count_text, on_screen, plural, span_text

HOUR_S, DAY_S = 3600, 86400


@pytest.mark.parametrize(
    ("span_s", "text"),
    [
        (0, "1 min"),
        (40 * 60, "40 min"),
        (66.35 * HOUR_S, "66 h"),
        (9.95 * HOUR_S, "10 h"),
        (14 * DAY_S + 22 * HOUR_S, "14 d 22 h"),
        (30 * DAY_S, "30 d"),
        (89.9 * DAY_S, "90 d"),
        (2000 * DAY_S, "2,000 d"),
    ],
)
def test_spans_of_time(span_s: float, text: str) -> None:
    assert span_text(span_s) == text


def test_counts() -> None:
    assert count_text(19_906) == "19,906"
    assert count_text(49.765, exact=False) == "about 50"
    assert [plural(1, "class"), plural(400, "class"), plural(2, "clip")] == [
        "1 class",
        "400 classes",
        "2 clips",
    ]


def test_an_error_names_hosts_and_the_field_instead_of_addresses_and_options() -> None:
    sentence = (
        "The annotations of Kinetics-400 could not be fetched "
        "(https://a.example/x/k400.tar.gz: Name or service not known; "
        "https://b.example/400/train.csv: HTTP 404; https://b.example/400/val.csv: HTTP 404); "
        "check the network, or give it with --annotations FILE."
    )
    assert on_screen(sentence) == (
        "The annotations of Kinetics-400 could not be fetched "
        "(a.example: Name or service not known; b.example: HTTP 404); "
        "check the network, or give it below."
    )


def test_other_errors_stay_as_they_are() -> None:
    sentence = "val.csv line 7 is no annotation (it has 2 cells); give another file."
    assert on_screen(sentence) == sentence
