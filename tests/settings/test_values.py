"""Values as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.base.safe_text import apprise_scheme
from kinetics_tui.model.options import PaceLimit, Preset
from kinetics_tui.settings.values import (
    duration_text,
    notify_text,
    pace_text,
    parse_cooldown,
    parse_count_or_none,
    parse_duration,
    parse_notify,
    parse_pace,
    parse_steps,
    parse_yt_dlp,
    plain_text,
    steps_text,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5s", 5),
        ("15m", 900),
        ("1h", 3600),
        ("2d", 172800),
        ("1.5h", 5400),
        (" 15 m ", 900),
        (7, 7),
        (1.5, 1.5),
    ],
)
def test_durations_are_read(text: object, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-5s", "5w", "s", "1e9", "inf", "5s5m", True, None])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(SettingsError, match="no duration"):
        parse_duration(text)


def test_a_duration_that_is_too_long_is_told_the_most() -> None:
    with pytest.raises(SettingsError, match="'500d' is too long; 366d is the most"):
        parse_duration("500d")


@pytest.mark.parametrize("text", ["5", " 90 ", "0.5"])
def test_a_duration_in_text_needs_its_unit(text: str) -> None:
    number = text.strip()
    with pytest.raises(
        SettingsError, match=f"has no unit; write {number}s, {number}m, {number}h or {number}d"
    ):
        parse_duration(text)


def test_waits_after_throttles_do_not_fall() -> None:
    assert parse_cooldown("15m,15m,1h") == (900, 900, 3600)
    with pytest.raises(SettingsError, match=r"^15m comes after 1h; the waits must not fall: 5m,15m,1h\.$"):
        parse_cooldown("5m,1h,15m")


@given(st.integers(1, 400 * 24).map(lambda quarter_hours: quarter_hours * 900.0 / 10))
def test_a_duration_reads_back_as_it_is_written(seconds: float) -> None:
    assert parse_duration(duration_text(seconds)) == seconds


def test_steps_read_back_as_they_are_written() -> None:
    assert parse_steps("15m,1h, 3h") == (900, 3600, 10800)
    assert steps_text((900, 3600, 86400)) == "15m,1h,1d"
    assert steps_text(()) == "none"


@pytest.mark.parametrize(
    ("text", "per_hour"),
    [
        ("guest", Preset.GUEST),
        ("Account", Preset.ACCOUNT),
        ("unlimited", None),
        ("450", 450),
        (450, 450),
        (0.5, 0.5),
        ("2_000", 2000),
    ],
)
def test_paces_are_read(text: object, per_hour: PaceLimit) -> None:
    assert parse_pace(text) == per_hour


@pytest.mark.parametrize("text", ["", "fast", "0", "-1", "nan", "1e3", "inf"])
def test_what_is_no_pace_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="no pace"):
        parse_pace(text)


@pytest.mark.parametrize(
    ("text", "count"), [("none", None), (" ALL ", None), ("1", 1), ("50", 50), ("007", 7)]
)
def test_counts_are_read_and_can_be_lifted(text: str, count: int | None) -> None:
    assert parse_count_or_none(text) == count


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "1e3", "nan", "many", "1_000", "\u0663", "9" * 5000])
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="no count"):
        parse_count_or_none(text)


def test_the_options_of_yt_dlp_are_split_as_a_shell_would() -> None:
    assert parse_yt_dlp("-4 --add-headers 'X: a b'") == ("-4", "--add-headers", "X: a b")
    assert parse_yt_dlp(["--proxy", "a b"]) == ("--proxy", "a b")
    assert parse_yt_dlp("") == ()


def test_addresses_for_notices_are_read_from_a_list_or_a_line() -> None:
    assert parse_notify(["ntfy://topic", "mailto://me:secret@host"]) == (
        "ntfy://topic",
        "mailto://me:secret@host",
    )
    assert parse_notify(" ntfy://topic  json://host ") == ("ntfy://topic", "json://host")
    assert parse_notify("") == parse_notify([]) == ()


@pytest.mark.parametrize(
    "value", [3, True, ["secret"], ["ntfy://a", "x secret"], "ntfy:secret", [["ntfy://a"]]]
)
def test_what_is_no_address_for_notices_is_refused_unrepeated(value: object) -> None:
    with pytest.raises(SettingsError, match="no Apprise address") as caught:
        parse_notify(value)
    assert "secret" not in str(caught.value)


def test_addresses_for_notices_are_shown_by_their_schemes() -> None:
    assert notify_text(("Ntfy://secret", "mailtos://me:secret@host")) == "ntfy://*** mailtos://***"
    assert notify_text(()) == "none"
    assert apprise_scheme("secret") == "?"


def test_values_are_written_as_the_file_has_them() -> None:
    assert [plain_text(value) for value in (None, True, 4.0, 2.5, 16, "dark")] == [
        "none",
        "true",
        "4",
        "2.5",
        "16",
        "dark",
    ]
    assert [pace_text(None), pace_text(300.0)] == ["unlimited", "300"]
