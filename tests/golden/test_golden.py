"""Everything that scripts depend on, held by golden files: outputs, exit codes, flags, settings, old ledgers.

The program is driven from outside alone, as a process, on real input. What differs from run to run (times,
ports, paths, sizes) is replaced by placeholders before it is compared with the files in ``held``. To renew
these after a change that is meant, and then to read the difference::

    KINETICS_GOLDEN=write python -m pytest tests/golden

``old_dataset`` is never renewed: it shows that a ledger which an older version made is read, and worked on.
``make_old_dataset`` in ``outside.py`` made it.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.golden.command_lines import (
    COMMAND_LINES,
    COMMANDS,
    EVERY_SETTING,
    NOWHERE,
    OF_A_DATASET,
    VARIABLES,
    settings_file,
    write_files,
)
from tests.golden.outside import (
    CLIPS,
    FIRST,
    HERE,
    SECOND,
    UNLEARNED,
    Outside,
    run_arguments,
    share_sources,
    youtube,
)
from tests.golden.shapes import hold, lean, numberless, placeless, shape, steady, timeless

Done = subprocess.CompletedProcess[str]

BY_NAME = (
    "by_category",
    "by_split",
    "done_by_minute",
    "recent_by_network",
    "failures",
    "gone",
    "retried",
    "splits",
    "tried_again_later",
    "unclear",
)
"""Keys of objects whose own keys are names of splits or categories, or minutes."""


class World(NamedTuple):
    """A folder with a dataset ``set`` that a run has brought; ``yt_dlp`` leads to a patient YouTube."""

    program: Outside
    yt_dlp: str
    run: Done

    @property
    def places(self) -> Mapping[str, str]:
        return {str(self.program.folder): "<folder>", str(CLIPS): "<clips>"}

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run.stdout.splitlines()]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One run by one worker, so that the order is always the same; YouTube throttles every seven videos."""
    program = Outside(tmp_path_factory.mktemp("golden").resolve())
    write_files(program.folder)
    with (
        youtube(program.folder / "strict", "--throttle-after", "7", "--block", "0.3") as strict,
        youtube(program.folder / "patient") as patient,
    ):
        arguments = [*run_arguments(strict), "--headless", "--json"]
        yield World(program, patient, program("run", "set", *arguments, variables=UNLEARNED))


def told(done: Done, places: Mapping[str, str]) -> dict[str, object]:
    """What a process ended with and what it said, in lines."""
    said = {"stderr": done.stderr, "stdout": re.sub(r"^\d+\.\d+\S*$", "<version>", done.stdout.strip())}
    lines = {name: timeless(placeless(text, places)).splitlines() for name, text in said.items()}
    return {"exit": done.returncode, **lines}


def ours(networks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The networks of the run, without those that this machine happens to have."""
    return [network for network in networks if network["name"] in (FIRST, SECOND)]


def networks_lines(text: str) -> list[str]:
    """The same of the table, with its head and its legend."""
    lines = [timeless(line) for line in lean(text)]
    return [lines[0], *(line for line in lines[1:-1] if FIRST in line or SECOND in line), lines[-1]]


def in_parallel(program: Outside, lines: Sequence[tuple[Sequence[str], Mapping[str, str]]]) -> list[Done]:
    """Carry out command lines that do not mind one another."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda line: program(*line[0], variables=line[1]), lines))


def rows(text: str, varying: Sequence[str] = ()) -> str:
    """CSV with placeholders in columns that vary."""
    read = list(csv.DictReader(io.StringIO(text)))
    head = text.splitlines()[0].split(",")
    out = io.StringIO()
    writer = csv.DictWriter(out, head, lineterminator="\n")
    writer.writeheader()
    for row in read:
        writer.writerow({name: "<varies>" if name in varying and row[name] else row[name] for name in row})
    return out.getvalue()


def json_rows(values: list[Any]) -> str:
    """A line for each value."""
    return "\n".join(json.dumps(value, ensure_ascii=False) for value in values)


# -- a run ------------------------------------------------------------------------------------------------


def test_the_run_ends_well_and_says_on_standard_error_what_it_takes(world: World) -> None:
    assert world.run.returncode == 0, world.run.stderr
    hold("run_stderr.txt", placeless(world.run.stderr, world.places))


def test_events_have_these_keys_with_values_of_these_kinds(world: World) -> None:
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for event in world.events:
        by_kind.setdefault(event["event"], []).append(event)
    hold("run_shapes.json", {kind: shape(events, BY_NAME) for kind, events in by_kind.items()})


def test_events_begin_and_end_in_this_order(world: World) -> None:
    kinds = [event["event"] for event in world.events]
    last = json.dumps(steady(world.events[-1]))
    hold("run_ends.txt", "\n".join([*kinds[:4], "...", last]))


PASSING = ("HTTP Error 503", "Miscellaneous")
"""Why a clip that went first was put back."""


@pytest.mark.parametrize("stream", ["clip", "worker", "network", "run", "options", "status"])
def test_events_of_a_sort_come_in_this_order_with_these_values(stream: str, world: World) -> None:
    events = [steady(event) for event in world.events if event["event"].startswith(f"{stream}-")]
    if stream == "status":  # what lasts for a moment may come and go unseen
        events = [event for event in events if event["status"] not in ("running", "probing")]
    if stream == "clip":  # which of two clips goes first after the cooldown hangs on whose retry is due
        probes = [number for number, event in enumerate(events) if event.get("reason") in PASSING]
        events = [event for number, event in enumerate(events) if not {number, number + 1} & {*probes}]
    if stream == "network":  # how often it is told of where only what varies has changed hangs on the machine
        events = [event for event, _ in groupby(events)]
    hold(f"run_{stream}.jsonl", json_rows(events))


def test_status_of_what_the_run_brought(world: World) -> None:
    status = world.program.json("status", "set", "--json")
    hold("status_shape.json", shape([status], BY_NAME))
    hold("status.json", {**steady(status), "networks": steady(ours(status["networks"]))})
    hold("status.txt", world.program.out("status", "set"))


def test_networks_of_what_the_run_brought(world: World) -> None:
    networks = world.program.json("networks", "set", "--json")
    hold("networks_shape.json", shape(networks))
    hold("networks.json", steady(ours(networks)))
    hold("networks.txt", "\n".join(networks_lines(world.program.out("networks", "set"))))


CERTAIN = ("title", "running", "whole", "splits", "classes", "failures", "retried")


def test_report_of_what_the_run_brought(world: World) -> None:
    report = world.program.json("report", "set", "--json")
    hold("report_shape.json", shape([report], BY_NAME))
    certain = (
        "title",
        "running",
        "whole",
        "splits",
        "classes",
        "failures",
        "retried",
        "sessions",
        "throttles",
    )
    hold("report.json", {name: steady(report[name]) for name in certain})
    hold("report.txt", "\n".join(report_lines(world.program.out("report", "set"), world.places)))
    page = world.program.folder / "report.html"
    world.program.out("report", "set", "--html", str(page))
    assert page.read_text(encoding="utf-8").lower().startswith("<!doctype html>")


def test_report_of_the_files_in_the_write_ups_form(world: World) -> None:
    files = ("--stats", "set/stats.csv", "--failed", "set/failed.csv")
    report = world.program.json("report", *files, "--json")
    hold("report_of_files_shape.json", shape([report], BY_NAME))
    hold("report_of_files.json", {name: steady(report[name]) for name in CERTAIN})


CERTAIN_PARTS = ("Splits", "Classes", "Why clips failed")
LEFT_OUT = ("How long a clip took", "One after the other", "Where the time went", "Sessions", "Clips an hour")
"""Parts of a report whose very lines go by how quick this machine is."""


def report_lines(text: str, places: Mapping[str, str], left_out: Sequence[str] = LEFT_OUT) -> list[str]:
    """A report's lines, without what varies."""
    out: list[str] = []
    for part in re.split(r"(?m)^(?=── )", placeless(text, places)):
        lines = lean(part)
        title = lines[0].strip("─ ")
        if title in CERTAIN_PARTS:
            out += [re.sub(r"\s?[▀-▟]+", " |", line) for line in lines]
        elif title in left_out:
            out += [lines[0], "<varies>"]
        else:
            out += numberless(lines)
    return out


def test_check_of_what_the_run_brought(world: World) -> None:
    found = world.program.json("check", "set", "--json")
    hold("check_shape.json", shape([found]))
    hold("check.json", steady(found))
    hold("check.txt", world.program.out("check", "set", "--quick"))


def test_check_of_a_dataset_with_faults(world: World, tmp_path: Path) -> None:
    shutil.copytree(world.program.folder / "set", tmp_path / "set")
    for number, clip in enumerate(sorted((tmp_path / "set").glob("*/*/*.mp4"))[:2]):
        clip.write_bytes(b"") if number else clip.unlink()
    (tmp_path / "set" / "train" / "stray.txt").write_text("stray")
    program = Outside(tmp_path)
    done = {
        "json": program("check", "set", "--workers", "1", "--json"),
        "text": program("check", "set", "--workers", "1"),
        "repair": program("check", "set", "--repair"),
        "after": program("check", "set", "--workers", "1"),
    }
    places = {str(tmp_path): "<folder>"}
    said = {name: told(one, places) for name, one in done.items() if name != "json"}
    hold("check_of_faults.json", {"json": steady(json.loads(done["json"].stdout)), **said})


def test_files_of_the_dataset(world: World) -> None:
    dataset = world.program.folder / "set"
    names = sorted(str(path.relative_to(dataset)) for path in dataset.rglob("*") if path.is_file())
    hold("files.txt", "\n".join(name for name in names if not name.endswith(("-shm", "-wal"))))
    times = ("download_duration", "ffmpeg_duration", "total_duration", "average_duration", "elapsed", "pid")
    hold("stats.csv", rows((dataset / "stats.csv").read_text(encoding="utf-8"), times))
    hold("failed.csv", (dataset / "failed.csv").read_text(encoding="utf-8"))


OF_A_CLIP_FILE = ("sha256", "bytes", "size_bytes", "made_with")


def test_manifest_of_what_the_run_brought(world: World) -> None:
    done = world.program("manifest", "set")
    hold("manifest.csv", rows(done.stdout, OF_A_CLIP_FILE))
    hold("manifest_stderr.txt", done.stderr)


def test_comparison_of_a_dataset_with_its_manifest_and_itself(world: World) -> None:
    world.program.out("manifest", "set", "--to", "manifest.csv")
    found = world.program.json("compare", "set", "manifest.csv", "--common", "common.csv", "--json")
    hold("compare_shape.json", shape([found]))
    hold("compare.json", found)
    hold("compare.txt", world.program.out("compare", "set", "set"))
    hold("compare_common.csv", (world.program.folder / "common.csv").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "reader", ["torchvision", "mmaction2", "slowfast", "pytorchvideo", "fiftyone", "csv", "webdataset"]
)
def test_export_lays_out_these_files(reader: str, world: World) -> None:
    said = world.program.out("export", "set", "--for", reader)
    folder = world.program.folder / f"set-{reader}"
    held = [said, *sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())]
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".csv", ".txt"):
            text = path.read_text(encoding="utf-8")
            held += ["", f"== {path.relative_to(folder)} ==", *text.splitlines()]
            if path.name == "clips.csv":
                held[-len(text.splitlines()) :] = rows(text, OF_A_CLIP_FILE).splitlines()
    hold(f"export_{reader}.txt", placeless("\n".join(held), world.places))


def test_adoption_tells_these_things(world: World) -> None:
    clips = ("--annotations", "good.csv", str(CLIPS))
    asked = ("adopt", "taken", "--from", "set", *clips, "--dry-run", "--workers", "1")
    found = world.program.json(*asked, "--json")
    hold("adopt_shape.json", shape([found]))
    hold("adopt.json", json.loads(placeless(json.dumps(steady(found)), world.places)))
    hold("adopt.txt", placeless(numbers_of_bytes(world.program.out(*asked)), world.places))
    assert not (world.program.folder / "taken").exists()


def numbers_of_bytes(text: str) -> str:
    """Text without sizes, which go by the version of the encoder."""
    return re.sub(r"\d[\d.,]* (?:B|kB|MB|GB)\b", "# B", text)


def test_extraction_tells_these_things(world: World, tmp_path: Path) -> None:
    shutil.copytree(world.program.folder / "set", tmp_path / "set")
    program = Outside(tmp_path)
    done = program("extract", "set", "--frames", "1", "--sound", "wav", "--headless", "--json")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    extracted = [event for event in events if event["event"] == "clip-extracted"]
    hold("extract_shape.json", shape(extracted))
    hold("extract.jsonl", json_rows([steady(event) for event in extracted]))
    made = sorted(
        str(path.relative_to(tmp_path / "set"))
        for folder in ("frames", "sound")
        for path in (tmp_path / "set" / folder).rglob("*")
        if path.is_file()
    )
    hold("extract_files.txt", "\n".join(made))


def test_a_probe_tells_these_things(world: World) -> None:
    asked = ("probe", "--annotations", str(CLIPS), "--pace", "unlimited", "--yt-dlp", world.yt_dlp)
    done = world.program(*asked, "--json")
    assert done.returncode == 0, done.stderr
    hold("probe_shape.json", shape([json.loads(done.stdout)], BY_NAME))
    hold("probe.json", json.loads(done.stdout))
    hold("probe_stderr.txt", done.stderr)
    hold("probe.txt", world.program.out(*asked))


def test_a_run_in_lines_for_people(world: World, tmp_path: Path) -> None:
    program = Outside(tmp_path)
    write_files(tmp_path)
    done = program("run", "new", *run_arguments(world.yt_dlp), "--split", "test", "--headless")
    assert done.returncode == 0, done.stderr
    lines = lean(re.sub(r"\d+(\.\d+)? (kB|MB|s)\b", "#", timeless(done.stdout)))
    certain = [line for line in lines if not line.startswith(("<time> running", "<time> so far"))]
    certain[0] = re.sub(r", \w+:", ", <state>:", certain[0])
    hold("run_lines.txt", "\n".join(certain))
    hold("run_lines_stderr.txt", done.stderr)


# -- a run that goes on -----------------------------------------------------------------------------------


def until(program: Outside, phase: str, done: int, seconds: float = 60.0) -> dict[str, Any]:
    """Wait until so many clips are done and the worker is in this phase; the status then."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        said = program("status", "set", "--json")
        status: dict[str, Any] = json.loads(said.stdout) if said.returncode == 0 else {"workers": []}
        if [worker["phase"] for worker in status["workers"]] == [phase] and status["done"] == done:
            return status
        time.sleep(0.2)
    raise AssertionError(f"no worker is ever {phase}")


def test_a_run_that_goes_on_is_steered_with_these_words(world: World, tmp_path: Path) -> None:
    program = Outside(tmp_path)
    arguments = run_arguments(world.yt_dlp)
    arguments[arguments.index("unlimited")] = "1"
    running = program.start("run", "set", *arguments, "--headless", "--json", variables=UNLEARNED)
    try:
        status = until(program, "waiting for pace", done=1)
        hold("live_status_shape.json", shape([status], BY_NAME))
        live = ours(program.json("networks", "set", "--json"))
        report = program.json("report", "set", "--json")
        lines = [
            ("status", "set"),
            ("run", "set", "--height", "240", "--headless"),
            ("run", "set", "--split", "val", "--headless"),
            ("retry", "set"),
            ("check", "set", "--repair"),
            ("pause", "set"),
            ("status", "set"),
            ("resume", "set"),
            ("pause", "set", "--now"),
            ("resume", "set"),
            ("switch", "set", "nonsense"),
            ("switch", "set", "--source-address", FIRST),
            ("switch", "set", "--source-address", SECOND),
            ("networks", "set", "--check", "nonsense"),
        ]
        said = [
            {"command": " ".join(line), **told(program(*line), {str(tmp_path): "<folder>"})} for line in lines
        ]
        stopped = program("stop", "set")
    finally:
        program("stop", "set")
        out, _ = running.communicate(timeout=60)
    assert running.returncode == 3
    assert report["running"] is True
    hold("live_words.json", [without_other_names(one) for one in said])
    hold("live_stop.txt", re.sub(r"\d+", "#", stopped.stdout))
    hold("live_networks.json", steady(live))
    events = [json.loads(line) for line in out.splitlines()]
    hold("live_last.json", steady(events[-1], ["reason"]))
    switched = [event for event in events if event["event"] == "network-switched"]
    hold("live_switched.json", {"shape": shape(switched), "values": steady(switched)})


def without_other_names(said: dict[str, object]) -> dict[str, object]:
    """What was said without the list of this machine's networks."""
    text = json.dumps(said, ensure_ascii=False)
    kept: dict[str, object] = json.loads(re.sub(r"there is [^\"]*?\. An", "there is <networks>. An", text))
    return kept


# -- an old ledger ----------------------------------------------------------------------------------------


@pytest.fixture
def old(tmp_path: Path) -> Outside:
    """A folder with a copy of the old dataset as ``set``."""
    shutil.copytree(HERE / "old_dataset", tmp_path / "set")
    return Outside(tmp_path.resolve())


def test_an_old_ledger_is_read(old: Outside) -> None:
    places = {str(old.folder): "<folder>"}
    status = old.json("status", "set", "--json")
    hold("old_status.json", {**status, "dataset": "<folder>/set", "free_bytes": "<varies>"})
    hold("old_networks.json", ours(old.json("networks", "set", "--json")))
    hold("old_networks.txt", "\n".join(networks_lines(old.out("networks", "set"))))
    report = old.json("report", "set", "--json")
    report["traffic"]["free_bytes"] = report["at"] = "<varies>"
    hold("old_report.json", {**report, "source": "<folder>/set"})
    text = placeless(old.out("report", "set"), places).splitlines()
    hold("old_report.txt", "\n".join(line for line in text[1:] if "free on that disk" not in line))


def test_an_old_ledger_is_held_against_the_files(old: Outside) -> None:
    places = {str(old.folder): "<folder>"}
    check = old("check", "set", "--json")
    assert check.returncode == 4
    hold("old_check.json", steady(json.loads(check.stdout)))
    hold("old_manifest.csv", placeless(old.out("manifest", "set"), places))


def test_an_old_ledger_is_worked_on(old: Outside, world: World) -> None:
    retried = old("retry", "set", "--category", "Content warning", "HTTP Error 404")
    switched = old("switch", "set", "--source-address", SECOND)
    options = ("--pace", "unlimited", "--yt-dlp", f"{world.yt_dlp} --source-address {FIRST}")
    run = old("run", "set", *options, "--headless", "--json", variables=UNLEARNED)
    assert run.returncode == 0, run.stderr
    status = old.json("status", "set", "--json")
    counts = {
        name: status[name] for name in ("title", "state", "total", "done", "failed", "pending", "failures")
    }
    places = {str(old.folder): "<folder>"}
    hold("old_run.json", {"retry": told(retried, places), "switch": told(switched, places), "status": counts})


# -- exit codes, flags, settings --------------------------------------------------------------------------


def test_command_lines_end_with_these_codes_and_words(tmp_path: Path) -> None:
    program = Outside(tmp_path.resolve())
    write_files(program.folder)
    before = sorted(path.name for path in program.folder.iterdir())
    places = {str(program.folder): "<folder>"}
    ended = in_parallel(program, [(line, NOWHERE) for line in COMMAND_LINES])
    assert sorted(path.name for path in program.folder.iterdir()) == before
    hold(
        "exit_codes.json",
        {" ".join(line): told(done, places) for line, done in zip(COMMAND_LINES, ended, strict=True)},
    )


def test_command_lines_of_a_dataset_end_with_these_codes_and_words(old: Outside) -> None:
    write_files(old.folder)
    ended = [old(*line, variables=NOWHERE) for line in OF_A_DATASET]
    places = {str(old.folder): "<folder>"}
    hold(
        "exit_codes_of_a_dataset.json",
        {" ".join(line): told(done, places) for line, done in zip(OF_A_DATASET, ended, strict=True)},
    )


def test_settings_that_are_none_end_with_these_codes_and_words(tmp_path: Path) -> None:
    program = Outside(tmp_path.resolve())
    write_files(program.folder)
    places = {str(program.folder): "<folder>"}
    line = ("probe", "--annotations", "good.csv")  # refused before anything is asked for
    ended = in_parallel(program, [(line, variables) for variables in VARIABLES])
    names = [" ".join(f"{name}={value}" for name, value in one.items()) for one in VARIABLES]
    hold(
        "exit_codes_of_settings.json",
        {name: told(done, places) for name, done in zip(names, ended, strict=True)},
    )


def test_commands_have_these_flags(tmp_path: Path) -> None:
    program = Outside(tmp_path)
    asked = [["--help"], ["open", "--help"], *([command, "--help"] for command in COMMANDS)]
    ended = in_parallel(program, [(line, {}) for line in asked])
    assert {done.returncode for done in ended} == {0}
    names = [" ".join(line[:-1]) or "kinetics-tui" for line in asked]
    hold("flags.json", {name: flags(done.stdout) for name, done in zip(names, ended, strict=True)})


def flags(text: str) -> dict[str, list[str]]:
    """Flags, arguments and commands of a help text, each with what its bracket says, in no order."""
    found: dict[str, list[str]] = {}
    usage, *parts = re.split(r"(?m)^(?=\w[\w ]*:$)", text)
    found["usage"] = [" ".join(re.split(r"\n\n", usage)[0].split())]
    for part in parts:
        title, _, body = part.partition(":\n")
        entries = re.split(r"(?m)^  (?=\S)", body)[1:]
        found[title.lower()] = sorted(map(_entry, entries))
    return found


def _entry(text: str) -> str:
    name = re.split(r"\s{2,}|\n", text.strip())[0]
    brackets = re.findall(r"\[(?:default|required|x|[\d.]+<)[^\]]*\]", " ".join(text.split()))
    return " ".join([name, *brackets])


SECRET = "password"


def settings_of(done: Done) -> dict[str, object]:
    """What doctor says of the settings, and how findings are spelled."""
    findings = json.loads(done.stdout)
    told = {finding["name"]: finding["detail"].splitlines() for finding in findings}
    assert SECRET not in done.stdout
    return {"stderr": done.stderr, "settings": told["settings"]}


def test_doctor_looks_at_these_things(tmp_path: Path) -> None:
    done = Outside(tmp_path)("doctor", "--json")
    findings = json.loads(done.stdout)
    hold("doctor.json", {"names": [finding["name"] for finding in findings], "shape": shape(findings)})
    hold("doctor_settings.json", settings_of(done))


def test_a_settings_file_with_every_key_of_the_readme_is_read(tmp_path: Path) -> None:
    readme = (HERE.parent.parent / "kinetics_tui" / "topics" / "settings.md").read_text(encoding="utf-8")
    block = re.search(r"```toml\n(.*?)```", readme, re.DOTALL)
    assert block is not None
    written = block[1].replace('\n# phone = "wlan1"', '\nphone = "wlan1"')
    assert set(re.findall(r"(?m)^(\w+) =", written)) == {*EVERY_SETTING, "phone"}
    (tmp_path / "readme.toml").write_text(written, encoding="utf-8")
    (tmp_path / "every.toml").write_text(settings_file(EVERY_SETTING), encoding="utf-8")
    (tmp_path / "lists.toml").write_text(
        'cooldown = ["1m", "2m"]\nretry = "none"\nyt_dlp = ["--proxy", "http://127.0.0.9:1"]\n'
        'notify = ["json://127.0.0.9"]\nshort_side = "none"\npace = "unlimited"\n',
        encoding="utf-8",
    )
    names = ("readme.toml", "every.toml", "lists.toml")
    program = Outside(tmp_path)
    ended = in_parallel(program, [(("doctor", "--json"), {"KINETICS_TUI_CONFIG": name}) for name in names])
    hold("settings_files.json", {name: settings_of(done) for name, done in zip(names, ended, strict=True)})


def test_every_setting_is_read_from_a_variable(tmp_path: Path) -> None:
    variables = {f"KINETICS_TUI_{name.upper()}": value for name, value in EVERY_SETTING.items()}
    program = Outside(tmp_path)
    every = program("doctor", "--json", variables=variables)
    no_audio = program("doctor", "--json", variables={"KINETICS_TUI_NO_AUDIO": "1"})
    hold("settings_variables.json", {"every": settings_of(every), "no audio": settings_of(no_audio)})


# -- the demo ---------------------------------------------------------------------------------------------


def test_the_demo_is_a_run_like_any_other(tmp_path: Path) -> None:
    program = Outside(tmp_path.resolve())
    made_up = tmp_path / "demo" / ".kinetics-tui" / "demo"
    made_up.mkdir(parents=True, mode=0o700)
    share_sources(made_up)
    done = program("demo", "demo", "--clips", "1", "--workers", "2", "--headless", "--json")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    places = {str(program.folder): "<folder>"}
    clips = [steady(event) for event in events if event["event"] == "clip-started"]
    hold(
        "demo.json",
        {
            "stderr": placeless(done.stderr, places).splitlines(),
            "first": [event["event"] for event in events[:4]],
            "last": steady(events[-1]),
            "clips": [event["clip"] for event in clips],
            "workers": sorted(event["slot"] for event in events if event["event"] == "worker-started"),
        },
    )
