"""Doctor: what it says about a machine, and what it keeps to itself."""

from __future__ import annotations

import datetime
import importlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from kinetics_tui.base.machine import update_command
from kinetics_tui.base.safe_text import json_line as as_json
from kinetics_tui.cli import run_command
from kinetics_tui.cli.command_line import BAD_INPUT
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
    check_tokens,
    check_youtube,
    check_yt_dlp,
    examine,
)
from kinetics_tui.cli.commands.doctor import findings_text as as_text
from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.model.failure import Category
from kinetics_tui.model.options import LoggedOut, NamedWay, Options
from kinetics_tui.settings.settings import load_settings

OFFLINE = ("--proxy", "http://127.0.0.9:1")
TODAY = datetime.date(2026, 9, 1)
NAMES = "version, settings file, settings, yt-dlp, JS runtime, connections, media, network, YouTube, networks"
NAMES += ", cookies, tokens, disk, machine, logging out, terminal, locale"


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
    assert (update_command() in finding.advice) == (state is State.WARN)
    assert update_command() in f"{finding.detail} {finding.advice}"


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


NOW = datetime.datetime(2026, 9, 1, tzinfo=datetime.UTC).timestamp()


def cookie_file(folder: Path, **ends_s: float) -> list[str]:
    """The options for a file of YouTube's cookies that hold so many seconds from now; 0: for the session."""
    path = folder / "cookies.txt"
    lines = [
        f".youtube.com\tTRUE\t/\tTRUE\t{NOW + end_s if end_s else 0:.0f}\t{name}\tsecret"
        for name, end_s in ends_s.items()
    ]
    path.write_text("\n".join(["# Netscape HTTP Cookie File", *lines, ""]))
    return ["--cookies", str(path)]


def test_cookies_of_an_account_are_warned_of_with_the_end_of_their_login(tmp_path: Path) -> None:
    args = cookie_file(tmp_path, LOGIN_INFO=86_400, SAPISID=99, **{"__Secure-3PAPISID": 2 * 86_400}, PREF=5)
    finding = check_cookies(args, NOW)
    assert finding.state is State.WARN
    assert "valid until 2026-09-0" in finding.detail
    assert "blocked" in finding.advice
    assert "secret" not in finding.detail
    for_session = check_cookies(cookie_file(tmp_path, LOGIN_INFO=0, SAPISID=0), NOW)
    assert (for_session.state, for_session.detail) == (State.WARN, "requests carry an account's cookies")
    assert check_cookies(["-4"], NOW).state is State.OK


@pytest.mark.parametrize(
    ("ends_s", "detail"),
    [
        ({"LOGIN_INFO": 99, "SAPISID": -86_400 * 3}, "ended on 2026-08-2"),
        ({"LOGIN_INFO": 99}, "a part of the login is missing"),
        ({"SAPISID": 99}, "a part of the login is missing"),
    ],
)
def test_cookies_whose_login_ended_are_a_fault(tmp_path: Path, ends_s: dict[str, float], detail: str) -> None:
    args = cookie_file(tmp_path, **ends_s)
    finding = check_cookies(args, NOW)
    assert finding.state is State.FAIL
    assert check_cookies(args, NOW, LoggedOut.GUEST).state is State.WARN
    assert detail in finding.detail
    assert "export" in finding.advice


def firefox(folder: Path, **ends_s: float) -> list[str]:
    """The options for a profile of Firefox whose cookies of YouTube hold so many seconds from now."""
    rows = [(".youtube.com", name, "secret", "/", NOW + end_s, 1, "") for name, end_s in ends_s.items()]
    with closing(sqlite3.connect(folder / "cookies.sqlite")) as store, store:
        store.execute(
            "CREATE TABLE moz_cookies (host, name, value, path, expiry INTEGER, isSecure, originAttributes)"
        )
        store.executemany("INSERT INTO moz_cookies VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    return ["--cookies-from-browser", f"firefox:{folder}"]


def chromium(folder: Path, **ends_s: float) -> list[str]:
    """The same of Chromium, which counts microseconds since 1601."""
    rows = [
        (".youtube.com", name, "secret", b"", "/", round((NOW + end_s + 11_644_473_600) * 1e6), 1)
        for name, end_s in ends_s.items()
    ]
    with closing(sqlite3.connect(folder / "Cookies")) as store, store:
        store.execute("CREATE TABLE meta (key, value)")
        store.execute("INSERT INTO meta VALUES ('version', '24')")
        store.execute(
            "CREATE TABLE cookies"
            " (host_key, name, value, encrypted_value, path, expires_utc INTEGER, is_secure)"
        )
        store.executemany("INSERT INTO cookies VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    return ["--cookies-from-browser", f"chromium:{folder}"]


@pytest.mark.parametrize("browser", [firefox, chromium])
def test_a_login_in_a_browser_is_told_with_its_end(tmp_path: Path, browser: Callable[..., list[str]]) -> None:
    finding = check_cookies(browser(tmp_path, LOGIN_INFO=86_400, SAPISID=2 * 86_400), NOW)
    assert finding.state is State.WARN
    assert "valid until 2026-09-0" in finding.detail
    assert "blocked" in finding.advice


@pytest.mark.parametrize("browser", [firefox, chromium])
def test_a_login_in_a_browser_that_ended_is_a_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], browser: Callable[..., list[str]]
) -> None:
    finding = check_cookies(browser(tmp_path, LOGIN_INFO=-86_400 * 3, SAPISID=99), NOW)
    assert (finding.state, finding.advice) == (State.FAIL, "log in again with that browser")
    assert "ended on 2026-08-2" in finding.detail
    assert capsys.readouterr() == ("", "")


def test_the_cookies_of_a_browser_that_is_not_there_are_a_fault(tmp_path: Path) -> None:
    finding = check_cookies(["--cookies-from-browser", f"firefox:{tmp_path}"], NOW)
    assert finding.state is State.FAIL
    assert f"those of firefox cannot be read (could not find firefox cookies database in '{tmp_path}')" in (
        finding.detail
    )
    assert "--cookies" in finding.advice


def test_cookies_of_nobody_are_a_guests_and_other_files_are_not_quoted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check_cookies(cookie_file(tmp_path, VISITOR_INFO1_LIVE=99), NOW).state is State.OK
    assert check_cookies(["--cookies", str(tmp_path / "none")], NOW).state is State.FAIL
    (tmp_path / "cookies.txt").write_text("# Netscape HTTP Cookie File\nsecret=1\n")
    finding = check_cookies(["--cookies", str(tmp_path / "cookies.txt")], NOW)
    assert "secret" not in finding.detail + finding.advice
    (tmp_path / "cookies.txt").write_text('[{"name": "secret"}]')
    finding = check_cookies(["--cookies", str(tmp_path / "cookies.txt")], NOW)
    assert finding.state is State.FAIL
    assert "secret" not in finding.detail + finding.advice
    assert capsys.readouterr() == ("", "")


PLUGIN = """
from yt_dlp.extractor.youtube.pot.provider import PoTokenProvider, register_provider

@register_provider
class MeridianPTP(PoTokenProvider):
    PROVIDER_VERSION = "1.2.3"
    PROVIDER_NAME = "meridian"
    BUG_REPORT_LOCATION = "nowhere"

    def is_available(self):
        return True

    def _real_request_pot(self, request):
        raise NotImplementedError
"""


def test_plugins_that_provide_tokens_are_named_and_are_in_a_worker(tmp_path: Path) -> None:
    folder = tmp_path / "yt_dlp_plugins" / "extractor"
    folder.mkdir(parents=True)
    (folder / "getpot_meridian.py").write_text(PLUGIN)
    code = """
from kinetics_tui.cli.commands.doctor import check_tokens, token_providers
from kinetics_tui.media.youtube.resolve import Resolver
from yt_dlp.extractor.youtube.pot._registry import _pot_providers
Resolver(())
assert "MeridianPTP" in str(_pot_providers.value), _pot_providers.value
assert "meridian 1.2.3" in check_tokens(token_providers()).detail
"""
    path = os.pathsep.join([str(tmp_path), *sys.path])
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": path})
    assert "no PO token provider" in check_tokens(()).detail


def test_the_network_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = check_network(["--proxy", "http://me:secret@127.0.0.1:9"])
    assert (finding.state, finding.detail) == (State.OK, "http://127.0.0.1:9 (proxy)")
    assert check_network(["--source-address", "no address"]).state is State.FAIL
    assert check_network(["--no-such-option"]).state is State.FAIL
    assert check_cookies(["--no-such-option"], NOW).state is State.WARN
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("kinetics_tui.engine.networks.addresses.default_route_address", lambda family: None)
    assert check_network([]).detail == "no default route"


def test_a_source_address_of_another_machine_is_pointed_out() -> None:
    finding = check_network(["--source-address", "203.0.113.9"])
    assert (finding.state, finding.detail) == (State.FAIL, "203.0.113.9 is no address of this machine")


def test_youtube_is_reached_by_the_network_of_the_settings(
    serve: Callable[..., tuple[Demo, LoopbackYouTube]],
) -> None:
    _, youtube = serve(1)
    finding = check_youtube(youtube.yt_dlp_args())
    assert finding.state is State.OK
    assert finding.detail.startswith("reached, answers in ")


def test_offline_is_said_plainly() -> None:
    finding = check_youtube(OFFLINE)
    assert (finding.state, finding.advice) == (State.FAIL, Category.OFFLINE.advice)
    assert finding.detail.startswith("offline: YouTube is not reached (No connection by the proxy: ")
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        finding = check_youtube(("--proxy", address), within_s=0.3)
    assert finding.state is State.FAIL
    assert "offline: YouTube is not reached" in finding.detail


def test_an_answer_that_refuses_is_no_failure_of_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(url: str) -> object:
        raise OSError("HTTP 429")

    monkeypatch.setattr(
        "kinetics_tui.media.youtube.open_address.network_opener", lambda *_args, **_options: refuse
    )
    finding = check_youtube(())
    assert (finding.state, finding.detail) == (State.WARN, "reached, but it answers with HTTP 429")


def test_all_faults_of_the_settings_are_named_and_the_rest_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f"wokers = 3\nheight = 1\ntheme = 'ansi'\nyt_dlp = {list(OFFLINE)}\n")
    monkeypatch.setenv("KINETICS_TUI_CONFIG", str(config))
    monkeypatch.setenv("KINETICS_TUI_COOLDOWN", "5")
    assert run_command(["doctor", "--json"]) == BAD_INPUT
    found = json.loads(capsys.readouterr().out)
    faults = [finding["detail"] for finding in found if finding["name"] == "settings fault"]
    assert all(name in fault for name, fault in zip(("wokers", "height", "COOLDOWN"), faults, strict=True))
    told = {finding["name"]: finding["detail"] for finding in found}
    assert "theme = ansi   from config.toml" in told["settings"]
    assert "version" in told
    assert "disk" in told


def test_named_networks_are_shown_with_where_they_lead() -> None:
    finding = check_named_networks(
        {
            "here": NamedWay("127.0.0.1"),
            "phone": NamedWay("nosuch0"),
            "vpn": NamedWay("http://me:secret@h:1", same="here"),
        }
    )
    assert finding.state is State.OK
    here, phone, vpn = finding.detail.splitlines()
    assert here.startswith("here ")
    assert here.endswith(" 127.0.0.1")
    assert phone == "phone nosuch0, not connected now"
    assert vpn == "vpn http://h:1, the same network as here"


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
