"""Doctor: what it says about a machine, and what it keeps to itself."""

from __future__ import annotations

import datetime
import importlib
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from kinetics_tui.base.safe_text import json_line as as_json
from kinetics_tui.cli.commands import doctor
from kinetics_tui.cli.commands.doctor import (
    State,
    check_cookies,
    check_deno,
    check_disk,
    check_encoder,
    check_locale,
    check_logout,
    check_machine,
    check_named_networks,
    check_network,
    check_requests,
    check_settings,
    check_terminal,
    check_yt_dlp,
    examine,
)
from kinetics_tui.cli.commands.doctor import findings_text as as_text
from kinetics_tui.model.options import Options
from kinetics_tui.settings.settings import load_settings

TODAY = datetime.date(2026, 9, 1)
NAMES = "version, settings file, settings, yt-dlp, JS runtime, connections, media, network, networks, cookies"
NAMES += ", disk, machine, logging out, terminal, locale"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what Apprise's services import
def test_everything_is_looked_at_and_no_secret_is_shown(tmp_path: Path) -> None:
    flags = {"yt_dlp": "--proxy socks5://me:secret@proxy.example:1080 --add-headers 'Cookie:secret'"}
    config = tmp_path / "config.toml"
    config.write_text(
        "notify = ['json://me:secret@host/secret']\n[networks]\noffice = 'socks5://me:secret@10.0.0.1:1080'\n"
    )
    settings = load_settings(flags, {}, config)
    findings = examine(tmp_path / "not" / "there", settings, environ={"TERM": "xterm"}, today=TODAY)
    assert ", ".join(finding.name for finding in findings) == NAMES
    for shown in (as_text(findings), as_json(findings)):
        assert "secret" not in shown
        assert "proxy.example:1080" in shown
        assert "office socks5://10.0.0.1:1080" in shown
        assert "notify = json://***" in shown
        assert str(tmp_path / "config.toml") in shown.replace("\n", "").replace(" ", "")
    assert [set(entry) for entry in json.loads(as_json(findings))] == [
        {"name", "state", "detail", "advice"}
    ] * len(findings)


def test_settings_are_shown_with_their_source(tmp_path: Path) -> None:
    settings = load_settings({"workers": 4}, {"KINETICS_TUI_PACE": "unlimited"}, tmp_path / "none.toml")
    lines = check_settings(settings).detail.splitlines()
    assert "workers = 4   from --workers" in lines
    assert "pace = unlimited   from KINETICS_TUI_PACE" in lines
    assert "cooldown = 15m,1h,3h,6h,12h,1d,2d,5d" in lines


@pytest.mark.parametrize(
    ("version", "state", "detail"),
    [
        ("2026.08.19", State.OK, "13 days old"),
        ("2026.08.19.232323", State.OK, "13 days old"),
        ("2026.07.03", State.OK, "60 days old"),
        ("2026.07.02", State.WARN, "61 days old"),
        ("2026.09.02", State.OK, "0 days old"),
        ("2026.13.45", State.WARN, "unknown age"),
        ("master", State.WARN, "unknown age"),
    ],
)
def test_an_old_yt_dlp_is_pointed_out(version: str, state: State, detail: str) -> None:
    finding = check_yt_dlp(version, TODAY)
    assert finding.state is state
    assert detail in finding.detail
    assert ("pip install -U yt-dlp" in finding.advice) == (state is State.WARN)


@pytest.mark.parametrize(
    ("path", "version", "state"),
    [
        ("/env/bin/deno", "2.3.0", State.OK),
        ("/env/bin/deno", "2.10.1", State.OK),
        ("/env/bin/deno", "2.2.9", State.WARN),
        ("/env/bin/deno", "", State.WARN),
        (None, "", State.WARN),
    ],
)
def test_a_missing_or_old_js_runtime_is_pointed_out(path: str | None, version: str, state: State) -> None:
    assert check_deno(path, version).state is state


def test_missing_packages_are_pointed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_requests().state is State.OK
    assert check_encoder().state is State.OK

    def missing(name: str) -> object:
        raise ImportError(f"no {name}")

    monkeypatch.setattr(importlib, "import_module", missing)
    assert check_requests().state is State.WARN
    assert check_encoder().state is State.FAIL


def test_an_encoder_that_is_missing_is_pointed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    av = importlib.import_module("av")

    def no_codec(name: str, mode: str) -> object:
        raise av.codec.codec.UnknownCodecError(name)

    monkeypatch.setattr(av.codec, "Codec", no_codec)
    assert check_encoder().state is State.FAIL


@pytest.mark.parametrize("args", [["--cookies", "/c.txt"], ["--cookies-from-browser", "firefox"]])
def test_cookies_are_warned_of(args: list[str]) -> None:
    finding = check_cookies(args)
    assert finding.state is State.WARN
    assert "blocked" in finding.advice
    assert check_cookies(["-4"]).state is State.OK


def test_the_network_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = check_network(["--proxy", "http://me:secret@127.0.0.1:9"])
    assert (finding.state, finding.detail) == (State.OK, "http://127.0.0.1:9 (proxy)")
    assert check_network(["--source-address", "no address"]).state is State.FAIL
    assert check_network(["--no-such-option"]).state is State.FAIL
    assert check_cookies(["--no-such-option"]).state is State.WARN
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("kinetics_tui.engine.networks.addresses.default_route_address", lambda family: None)
    assert check_network([]).detail == "no default route"


def test_a_source_address_of_another_machine_is_pointed_out() -> None:
    finding = check_network(["--source-address", "203.0.113.9"])
    assert (finding.state, finding.detail) == (State.FAIL, "203.0.113.9 is no address of this machine")


def test_named_networks_are_shown_with_where_they_lead() -> None:
    finding = check_named_networks({"here": "127.0.0.1", "phone": "nosuch0", "vpn": "http://me:secret@h:1"})
    assert finding.state is State.OK
    here, phone, vpn = finding.detail.splitlines()
    assert here.startswith("here ")
    assert here.endswith(" 127.0.0.1")
    assert (phone, vpn) == ("phone nosuch0, not connected now", "vpn http://h:1")


@pytest.mark.parametrize(
    ("total_bytes", "free_bytes", "state"),
    [
        (1e12, 1e9, State.FAIL),  # at 2 GiB a run stops
        (64e9, 1e9, State.WARN),  # of a small disk it takes more
        (1e12, 5e9, State.WARN),
        (1e12, 500e9, State.OK),
    ],
)
def test_a_disk_without_room_is_pointed_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, total_bytes: float, free_bytes: float, state: State
) -> None:
    usage = SimpleNamespace(total=int(total_bytes), free=int(free_bytes))
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage)
    finding = check_disk(tmp_path / "a" / "b", workers=16)
    assert finding.state is state
    assert str(tmp_path) in finding.detail


def test_a_folder_that_cannot_be_written_is_pointed_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert check_disk(tmp_path, workers=16).state is State.FAIL


def test_workers_without_memory_are_pointed_out() -> None:
    finding = check_machine(Options(workers=16), 2, 10**9)
    assert finding.state is State.WARN
    assert "--workers 10" in finding.advice
    assert check_machine(Options(workers=8), 2, 10**9).state is State.OK


@pytest.mark.parametrize(
    ("kills", "lingering", "state"),
    [(True, False, State.WARN), (True, True, State.OK), (False, False, State.OK), (None, False, State.OK)],
)
def test_a_logout_that_ends_the_run_is_pointed_out(kills: bool | None, lingering: bool, state: State) -> None:
    assert check_logout(kills, lingering).state is state


@pytest.mark.parametrize(
    ("environ", "size", "state", "detail"),
    [
        ({"TERM": "xterm-256color"}, (120, 40), State.OK, "256 colours"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, (80, 24), State.OK, "16 million"),
        ({"TERM": "screen", "NO_COLOR": "1"}, (80, 24), State.OK, "no colours"),
        ({"TERM": "linux"}, (79, 24), State.WARN, "16 colours"),
        ({"TERM": "dumb"}, (80, 24), State.WARN, "dumb"),
        ({"TERM": "xterm"}, (0, 0), State.WARN, "0x0"),
        ({"TERM": "\x1b[31m"}, (80, 24), State.OK, r"\x1b"),
    ],
)
def test_terminals_are_judged(
    environ: dict[str, str], size: tuple[int, int], state: State, detail: str
) -> None:
    finding = check_terminal(environ, size)
    assert finding.state is state
    assert detail in finding.detail
    assert "\x1b" not in finding.detail


@pytest.mark.parametrize(
    ("encoding", "state"), [("UTF-8", State.OK), ("utf8", State.OK), ("ANSI_X3.4-1968", State.WARN)]
)
def test_a_locale_other_than_utf_8_is_pointed_out(encoding: str, state: State) -> None:
    assert check_locale(encoding).state is state


def test_text_fits_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    finding = doctor.Finding("disk", State.WARN, "word " * 30, "advice " * 20)
    lines = as_text([finding]).splitlines()
    assert lines[0].startswith("WARN  disk  word")
    assert max(map(len, lines)) <= 60
    assert any(line.strip().startswith("-> advice") for line in lines)
