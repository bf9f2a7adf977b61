"""Flags as the parts that do the work want them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import click
import pytest
from click.testing import CliRunner

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.cli import app, run_command
from kinetics_tui.cli.command_line import BAD_INPUT
from kinetics_tui.cli.options import View, flags_of, given, selection, view_flags, way
from kinetics_tui.model.options import AppOptions, Opt, Options, options_in
from kinetics_tui.settings import settings


def test_what_was_not_given_is_left_out() -> None:
    assert given(workers="4", height=None, split=[], no_audio=False) == {"workers": "4", "no_audio": False}


def test_a_selection_is_made_of_what_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert selection(
        annotations=[Path("val.csv")], release=None, splits=["all"], per_class="none", limit="7"
    ) == {
        "release": "",
        "annotations": (str(tmp_path / "val.csv"),),
        "splits": (),
        "per_class": None,
        "limit": 7,
    }
    assert selection(annotations=None, release="Kinetics-400", classes=["yoga"]) == {
        "release": "kinetics-400",
        "annotations": (),
        "classes": ("yoga",),
    }
    assert selection(annotations=None) == {}


@pytest.mark.parametrize(
    ("network", "source_address", "proxy", "text"),
    [
        ("my phone", None, None, "my phone"),
        (None, "2001:db8::5", None, "2001:db8::5"),
        (None, None, "socks5://me:secret@10.0.0.1:1080", "socks5://me:secret@10.0.0.1:1080"),
    ],
)
def test_a_way_is_a_name_an_address_or_a_proxy(
    network: str | None, source_address: str | None, proxy: str | None, text: str
) -> None:
    assert way(network, source_address, proxy) == text


@pytest.mark.parametrize(
    ("network", "source_address", "proxy", "said"),
    [
        (None, None, None, "Name one network"),
        ("phone", "10.0.0.1", None, "Name one network"),
        (None, "10.0.0.1", "http://me:secret@h:1", "Name one network"),
        (None, "eth0", None, "--source-address takes an IP address"),
        (None, "10.0.0.256", None, "--source-address takes an IP address"),
        (None, "http://me:secret@h:1", None, "--source-address takes an IP address"),
        (None, None, "me:secret@h:1", "--proxy takes the URL of a proxy"),
        (None, None, "ftp://me:secret@h:1", "--proxy takes the URL of a proxy"),
    ],
)
def test_what_is_no_way_or_not_one_alone_is_refused_without_its_password(
    network: str | None, source_address: str | None, proxy: str | None, said: str
) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        way(network, source_address, proxy)
    assert "secret" not in str(caught.value)


class MoreOptions(Options, frozen=True, kw_only=True):
    """The options with one more, which is declared nowhere else."""

    patience: Annotated[int, Opt("N", "Tries of a clip, {low} to {high} ({default}).", bounds=(1, 9))] = 3


def test_an_option_is_declared_once_and_is_a_flag_a_setting_and_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = options_in(AppOptions, MoreOptions)
    monkeypatch.setattr(settings, "Options", MoreOptions)
    monkeypatch.setattr(settings, "SETTINGS", more)
    config = tmp_path / "config.toml"
    taken: list[object] = []

    @click.command()
    @flags_of(MoreOptions)
    def run(**flags: object) -> None:
        taken.append(settings.load_settings(given(**flags), {}, config).value("patience"))

    helped = " ".join(CliRunner().invoke(run, ["--help"]).output.split())
    assert "--patience N Tries of a clip, 1 to 9 (3)." in helped
    example = settings.example_toml(more)
    assert "\npatience = 3                # tries of a clip, 1 to 9\n" in example
    config.write_text(example.replace("patience = 3", "patience = 4"))
    assert settings.load_settings({}, {"KINETICS_TUI_PATIENCE": "5"}, config).value("patience") == 5
    for args in ([], ["--patience", "6"]):
        assert CliRunner().invoke(run, args).exception is None
    assert taken == [4, 6]
    for where in ({"KINETICS_TUI_PATIENCE": "10"}, {}):
        name = next(iter(where), "--patience")
        with pytest.raises(SettingsError, match=f"^{name}: '10' is not a whole number from 1 to 9.$"):
            settings.load_settings({} if where else {"patience": "10"}, where, config)


@pytest.mark.parametrize(
    ("args", "view"),
    [
        ([], View.APP),
        (["--headless"], View.LINES),
        (["--json"], View.JSON),
        (["--headless", "--json"], View.JSON),
        (["--json", "--headless"], View.JSON),
    ],
)
def test_json_needs_no_headless(args: list[str], view: View) -> None:
    taken: list[View] = []

    @click.command()
    @view_flags
    def look(view: View, progress: str | None) -> None:
        assert progress is None
        taken.append(view)

    look.main(args, standalone_mode=False)
    assert taken == [view]


@pytest.mark.parametrize("command", ["run", "attach", "demo", "extract"])
def test_a_time_of_totals_that_is_none_is_refused_before_anything_begins(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command([command, "set", "--headless", "--progress", "60"]) == BAD_INPUT
    said = capsys.readouterr().err
    assert said == "kinetics-tui: --progress: '60' has no unit; write 60s, 60m, 60h or 60d.\n"
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("name", ["run", "attach", "demo", "extract"])
def test_every_view_of_a_run_says_that_json_needs_no_screen(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"]).output
    assert "No screen: a line an event" in shown
    assert "No screen: an event a line, as JSON" in " ".join(shown.split())


def test_the_tier_is_asked_for_by_either_name() -> None:
    taken: list[object] = []

    @click.command
    @flags_of(Options, "height")
    def run(**flags: object) -> None:
        taken.append(given(**flags))

    for flag in ("--height", "--resolution"):
        assert CliRunner().invoke(run, [flag, "240"]).exit_code == 0
    assert taken == [{"height": "240"}] * 2
    helped = " ".join(CliRunner().invoke(run, ["--help"]).output.split())
    assert "--height, --resolution PX YouTube's tier at most: the shorter side (360)." in helped
