"""What the form makes of what it is told."""

from __future__ import annotations

from kinetics_tui.tui.setup.form import on_screen


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
