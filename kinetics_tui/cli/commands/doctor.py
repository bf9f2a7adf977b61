"""The command doctor: what this machine brings for a run, the settings in force among it.

One request goes to YouTube, for an address that answers with nothing.

Each check makes a finding as plain data, with advice where something is to be done.
"""

from __future__ import annotations

import datetime
import importlib
import locale
import math
import os
import platform
import re
import shutil
import textwrap
import threading
import time
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

import msgspec
import psutil

from kinetics_tui import __version__
from kinetics_tui.base.errors import SettingsError
from kinetics_tui.base.machine import (
    available_cores,
    find_deno,
    kills_user_processes,
    lingers,
    update_command,
)
from kinetics_tui.base.words import LAST_S
from kinetics_tui.cli.command_line import BAD_INPUT, OUR_FAULT, SETTLED, answer
from kinetics_tui.cli.help_text import command
from kinetics_tui.cli.options import as_json
from kinetics_tui.engine.networks.addresses import network_of, way_of_params
from kinetics_tui.engine.networks.network import NO_ROUTE
from kinetics_tui.engine.run.disk import floor_of
from kinetics_tui.media.youtube.yt_dlp_options import login_of, parse_args, redact
from kinetics_tui.model.failure import Category
from kinetics_tui.model.network import parse_way
from kinetics_tui.model.options import LoggedOut, NamedWay, Options
from kinetics_tui.settings.settings import DEFAULT, SETTINGS, Settings, read_settings
from kinetics_tui.settings.values import value_text

OLD_YT_DLP_DAYS = 60
MIN_DENO = (2, 3)
LOW_DISK_BYTES = 20 * 10**9
WORKER_BYTES = 100 * 10**6
"""Memory to allow for one worker; an estimate on the safe side."""
SMALLEST_TERMINAL = (80, 24)
NOTHING_URL = "https://www.youtube.com/generate_204"
"""YouTube answers it with no body, and does not count it as it counts pages and players."""
REACHED_WITHIN_S = 8.0


class State(StrEnum):
    """The meaning of a finding for a run."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    """No run without mending this."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at; ``advice`` is empty where nothing is to be done."""

    name: str
    state: State
    detail: str
    advice: str = ""


def examine(
    dataset_parent: Path,
    settings: Settings,
    faults: Sequence[str] = (),
    *,
    environ: Mapping[str, str] | None = None,
    today: datetime.date | None = None,
) -> list[Finding]:
    """Look at the machine, as a run into a folder below ``dataset_parent`` with these settings needs it.

    ``faults`` are sentences on what was passed over in the settings.
    """
    import yt_dlp.version  # its package costs 200 ms, which only doctor and workers should pay

    environ = os.environ if environ is None else environ
    today = today or datetime.datetime.now().astimezone().date()
    return [
        Finding("version", State.OK, f"kinetics-tui {__version__}, Python {platform.python_version()}"),
        check_settings_file(settings.config_path, faults),
        *(Finding("settings fault", State.FAIL, fault) for fault in faults),
        check_settings(settings),
        check_yt_dlp(yt_dlp.version.__version__, today),
        check_deno(*find_deno(environ)),
        check_requests(),
        check_encoder(),
        check_network(settings.options.yt_dlp),
        check_youtube(settings.options.yt_dlp),
        check_named_networks(settings.networks),
        check_cookies(settings.options.yt_dlp, time.time(), settings.options.logged_out),
        check_tokens(token_providers()),
        check_disk(dataset_parent, settings.options.workers),
        check_machine(settings.options, available_cores(), psutil.virtual_memory().available),
        check_logout(kills_user_processes(), lingers()),
        check_terminal(environ, shutil.get_terminal_size((0, 0))),
        check_locale(locale.getencoding()),
    ]


def findings_text(findings: Sequence[Finding]) -> str:
    """The findings for people, as wide as the terminal."""
    name_width = max(len(finding.name) for finding in findings)
    indent = " " * (name_width + 8)
    width = max(40, shutil.get_terminal_size().columns) - len(indent)
    lines = []
    for finding in findings:
        text = [
            row
            for line in finding.detail.splitlines()
            for row in textwrap.wrap(line, width, break_on_hyphens=False)
        ]
        if finding.advice:
            text += textwrap.wrap(
                f"-> {finding.advice}", width, subsequent_indent="   ", break_on_hyphens=False
            )
        head = f"{finding.state.value.upper():6}{finding.name:{name_width}}  "
        lines += [(head if number == 0 else indent) + row for number, row in enumerate(text)]
    return "\n".join(lines)


# -- one check each ---------------------------------------------------------------------------------------


def check_settings_file(path: Path, faults: Sequence[str] = ()) -> Finding:
    there = "" if path.exists() or faults else " (not there, which is fine)"
    return Finding("settings file", State.OK, f"{path}{there}")


def check_settings(settings: Settings) -> Finding:
    """The settings in force and where each comes from, without secrets."""
    lines = []
    for name, setting in SETTINGS.items():
        value = settings.value(name)
        shown = " ".join(redact(settings.options.yt_dlp)) if name == "yt_dlp" else value_text(setting, value)
        source = settings.sources.get(name, DEFAULT)
        lines.append(f"{name} = {shown}" + ("" if source == DEFAULT else f"   from {source}"))
    return Finding("settings", State.OK, "\n".join(lines))


def check_yt_dlp(version: str, today: datetime.date) -> Finding:
    """yt-dlp's version is its date; YouTube changes faster than old ones can follow."""
    found = re.match(r"(\d{4})\.(\d{1,2})\.(\d{1,2})", version)
    try:
        age_days = (today - datetime.date(*map(int, found.groups()))).days if found else None
    except ValueError:
        age_days = None
    if age_days is None:
        return Finding("yt-dlp", State.WARN, f"{version}, of unknown age", update_command())
    detail = f"{version}, {max(0, age_days)} days old"
    if age_days > OLD_YT_DLP_DAYS:
        advice = f"YouTube may have changed since: {update_command()}"
        return Finding("yt-dlp", State.WARN, detail, advice)
    return Finding("yt-dlp", State.OK, f"{detail}; to update it: {update_command()}")


def check_deno(path: str | None, version: str) -> Finding:
    """The JavaScript runtime that yt-dlp uses by itself, needed for some of YouTube's formats."""
    advice = 'pip install "yt-dlp[default,deno]"'
    if path is None:
        return Finding("JS runtime", State.WARN, "no deno; yt-dlp finds fewer formats", advice)
    found = re.search(r"(\d+)\.(\d+)", version)
    if not found:
        return Finding("JS runtime", State.WARN, f"{path} does not tell its version", advice)
    if (int(found[1]), int(found[2])) < MIN_DENO:
        return Finding("JS runtime", State.WARN, f"deno {version} at {path} is too old", advice)
    return Finding("JS runtime", State.OK, f"deno {version} at {path}")


def check_requests() -> Finding:
    """yt-dlp's handler that keeps connections; its other one opens one a request."""
    try:
        importlib.import_module("yt_dlp.networking._requests")
    except ImportError as error:
        advice = 'pip install "yt-dlp[default]"'
        return Finding("connections", State.WARN, f"opened anew for every request ({error})", advice)
    return Finding("connections", State.OK, "kept open between requests")


def check_encoder() -> Finding:
    """PyAV with the encoders of an exact trim."""
    try:
        av = importlib.import_module("av")
        for name in ("libx264", "aac"):
            av.codec.Codec(name, "w")
    except (ImportError, ValueError) as error:  # PyAV's UnknownCodecError is a ValueError
        return Finding("media", State.FAIL, f"PyAV cannot encode ({error})", "pip install -U av")
    return Finding("media", State.OK, f"PyAV {av.__version__} with x264 and AAC")


def check_network(yt_dlp_args: Sequence[str]) -> Finding:
    """The network that requests would leave by; nothing is sent."""
    try:
        network = network_of(way_of_params(parse_args(yt_dlp_args)))
    except (SettingsError, ValueError) as error:
        text = str(error) if isinstance(error, SettingsError) else "no usable source address or proxy"
        return Finding("network", State.FAIL, text, "mend yt_dlp in the settings")
    if network.name == NO_ROUTE:
        return Finding("network", State.FAIL, NO_ROUTE, "connect this machine to a network")
    if not network.present:
        text = f"{network.label} is no address of this machine"
        return Finding("network", State.FAIL, text, "connect it, or mend yt_dlp in the settings")
    return Finding("network", State.OK, f"{network.label} ({network.kind})")


def check_youtube(yt_dlp_args: Sequence[str], within_s: float = REACHED_WITHIN_S) -> Finding:
    """One request to YouTube by the network of the settings, given up after ``within_s`` seconds."""
    from kinetics_tui.media.youtube.open_address import network_opener

    faults: list[str] = []
    try:
        open_address = network_opener(yt_dlp_args, None, timeout_s=within_s)
    except SettingsError:
        return Finding("YouTube", State.WARN, "not asked: yt-dlp's options cannot be read")

    def ask() -> None:
        try:
            open_address(NOTHING_URL)[0].close()
            faults.append("")
        except OSError as error:
            faults.append(str(error))

    began = time.monotonic()
    # The look-up of a name heeds no time limit, so that the whole is waited for from outside.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(within_s)
    fault = faults[0] if faults else f"no answer within {within_s:g} s"
    if not fault:
        return Finding("YouTube", State.OK, f"reached, answers in {time.monotonic() - began:.1f} s")
    if fault.startswith("HTTP "):
        advice = "wait a while, or use another network"
        return Finding("YouTube", State.WARN, f"reached, but it answers with {fault}", advice)
    return Finding(
        "YouTube", State.FAIL, f"offline: YouTube is not reached ({fault})", Category.OFFLINE.advice
    )


def check_named_networks(networks: Mapping[str, NamedWay]) -> Finding:
    """Where the networks of the settings lead to right now; one that is not connected does no harm."""
    lines = []
    for name, named in networks.items():
        network = network_of(parse_way(named.way), name)
        same = f", the same network as {named.same}" if named.same else ""
        lines.append(network.label + same + ("" if network.present else ", not connected now"))
    detail = "\n".join(lines) or "none has a name in the settings"
    return Finding("networks", State.OK, detail)


def check_cookies(yt_dlp_args: Sequence[str], now: float, logged_out: LoggedOut = LoggedOut.HOLD) -> Finding:
    """The account whose cookies requests carry, and how long they hold."""
    try:
        params = parse_args(yt_dlp_args)
    except SettingsError:
        return Finding("cookies", State.WARN, "unknown: yt-dlp's options cannot be read")
    file = params.get("cookiefile")
    browser = (params.get("cookiesfrombrowser") or [None])[0]
    if not file and not browser:
        return Finding("cookies", State.OK, "none, requests are a guest's")
    try:
        until = login_of(params)
    except (OSError, ValueError) as error:  # its text may hold a line of the file
        why = getattr(error, "strerror", None)
        if file:
            why = why or "it is no file of cookies in Netscape's form"
            text, advice = f"the file cannot be read ({why})", "export them again, or remove --cookies"
        else:
            why = why or (str(error) if isinstance(error, OSError) else "yt-dlp finds no way into them")
            text = f"those of {browser} cannot be read ({why})"
            advice = "export them to a file with the browser, and give that by --cookies"
        return Finding("cookies", State.FAIL, text, advice)
    if until is None:
        return Finding("cookies", State.OK, "no account's, requests are a guest's")
    if until <= now:
        text = f"the account's login ended on {_date(until)}" if until else "a part of the login is missing"
        state = State.FAIL if logged_out is LoggedOut.HOLD else State.WARN
        again = "log in with a browser, and export them again" if file else "log in again with that browser"
        return Finding("cookies", state, text, again)
    end = "" if until == math.inf else f", valid until {_date(until)} unless YouTube ends the login before"
    advice = "a night of downloading can get the account blocked: use one you can lose, and a low pace"
    return Finding("cookies", State.WARN, f"requests carry an account's cookies{end}", advice)


def _date(at: float) -> str:
    moment = datetime.datetime.fromtimestamp(min(at, LAST_S), datetime.UTC).astimezone()
    return f"{moment:%Y-%m-%d %H:%M}"


def token_providers() -> list[str]:
    """The PO token providers among yt-dlp's plugins in this environment, with their versions."""
    try:
        plugins = importlib.import_module("yt_dlp.plugins")
        registry = importlib.import_module("yt_dlp.extractor.youtube.pot._registry")
        plugins.load_all_plugins()
        providers = registry._pot_providers.value.values()
        return sorted(f"{one.PROVIDER_NAME} {one.PROVIDER_VERSION}" for one in providers)
    except (ImportError, AttributeError):
        return []  # a yt-dlp that keeps them elsewhere


def check_tokens(providers: Sequence[str]) -> Finding:
    """The plugins that yt-dlp asks for PO tokens; some of its clients give no media without one."""
    detail = ", ".join(providers) or "no PO token provider is installed; yt-dlp's default clients need none"
    return Finding("tokens", State.OK, detail)


def check_disk(folder: Path, workers: int) -> Finding:
    """Room and permission in ``folder`` or the nearest folder above it that exists, for so many workers."""
    place = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    try:
        usage = shutil.disk_usage(place)
    except OSError as error:
        return Finding("disk", State.FAIL, f"{place}: {error.strerror}", "choose another folder")
    free_bytes, floor_bytes = usage.free, floor_of(usage.total, workers)
    detail = f"{_gigabytes(free_bytes)} free at {place}"
    if not os.access(place, os.W_OK | os.X_OK):
        return Finding("disk", State.FAIL, f"{place} cannot be written", "choose another folder")
    if free_bytes < floor_bytes:
        return Finding("disk", State.FAIL, detail, f"make room: a run leaves {_gigabytes(floor_bytes)} free")
    if free_bytes < LOW_DISK_BYTES:
        return Finding("disk", State.WARN, detail, "room for few clips: about a megabyte each")
    return Finding("disk", State.OK, detail)


def check_machine(options: Options, cores: int, free_bytes: int) -> Finding:
    """True if memory is enough for the workers."""
    detail = f"{cores} cores, {_gigabytes(free_bytes)} memory free, {options.workers} workers"
    if free_bytes < options.workers * WORKER_BYTES:
        most = max(1, free_bytes // WORKER_BYTES)
        return Finding("machine", State.WARN, detail, f"use fewer workers: --workers {most}")
    return Finding("machine", State.OK, detail)


def check_logout(kills: bool | None, lingering: bool) -> Finding:
    """True if the end of the login ends the run with it; ``kills`` is None where nothing is known."""
    if kills and not lingering:
        advice = "loginctl enable-linger keeps runs alive when the last SSH session ends"
        return Finding("logging out", State.WARN, "systemd ends your programs when you log out", advice)
    return Finding(
        "logging out", State.OK, "a run goes on" if kills is not None else "nothing known against it"
    )


def check_terminal(environ: Mapping[str, str], size: Sequence[int]) -> Finding:
    term = environ.get("TERM", "")
    columns, rows = size
    detail = f"TERM={term!r}, {columns}x{rows}, {_colours(environ)}"
    if term in ("", "dumb") or not columns:
        return Finding("terminal", State.WARN, detail, "the app needs a terminal; elsewhere use --headless")
    if columns < SMALLEST_TERMINAL[0] or rows < SMALLEST_TERMINAL[1]:
        return Finding("terminal", State.WARN, detail, "make it 80x24 or larger")
    return Finding("terminal", State.OK, detail)


def check_locale(encoding: str) -> Finding:
    if encoding.lower().replace("-", "") != "utf8":
        advice = "export LANG=C.UTF-8, or bars and names come out as plain signs"
        return Finding("locale", State.WARN, encoding, advice)
    return Finding("locale", State.OK, encoding)


def _colours(environ: Mapping[str, str]) -> str:
    if environ.get("NO_COLOR"):
        return "no colours (NO_COLOR)"
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "16 million colours"
    return "256 colours" if "256" in environ.get("TERM", "") else "16 colours"


def _gigabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:,.1f} GB"


@command()
@as_json
def doctor(as_json: bool) -> int:
    """Check this machine: yt-dlp's age, JS runtime, disk, network, cookies, and the settings in force."""
    settings, faults = read_settings({})
    findings = examine(Path.cwd(), settings, faults)
    answer(findings, as_json=as_json, fields=list, text=findings_text)
    if faults:
        return BAD_INPUT
    return OUR_FAULT if any(finding.state == "fail" for finding in findings) else SETTLED
