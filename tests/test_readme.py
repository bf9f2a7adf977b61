"""README and the help topics say what the program does: they are held against the code."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import get_args

import click
import msgspec
import pytest
from textual.binding import Binding

import kinetics_tui
from kinetics_tui import PROGRAM, __version__
from kinetics_tui.base.errors import UserError
from kinetics_tui.base.topics import TOPICS_FOLDER, find_topic, topic_names
from kinetics_tui.cli import COMMANDS, app
from kinetics_tui.cli.command_line import HELP_FLAGS, completed
from kinetics_tui.cli.commands.hosts import SBATCH
from kinetics_tui.cli.follow import QUIET, json_lines
from kinetics_tui.cli.status import status_json
from kinetics_tui.dataset.ledger.schema import SCHEMA
from kinetics_tui.dataset.manifest import COLUMNS as MANIFEST_COLUMNS
from kinetics_tui.dataset.stats_csv import STATS_COLUMNS
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.events import AnyEvent, ClipDone, NetworkChanged, NetworkNews
from kinetics_tui.model.failure import Category
from kinetics_tui.model.made import MadeFile, Spent
from kinetics_tui.model.network import NetworkKind, NetworkState
from kinetics_tui.model.options import Options, options_in
from kinetics_tui.model.state import RunState
from kinetics_tui.settings.settings import EXAMPLE_TOML
from kinetics_tui.settings.values import help_text
from kinetics_tui.tui.clips.screen import KEYS as CLIPS_KEYS
from kinetics_tui.tui.failures.screen import KEYS as FAILURES_KEYS
from kinetics_tui.tui.hosts.screen import KEYS as HOSTS_KEYS
from kinetics_tui.tui.networks.screen import KEYS as NETWORKS_KEYS
from kinetics_tui.tui.parts.bars import key_text
from kinetics_tui.tui.report.screen import KEYS as REPORT_KEYS
from kinetics_tui.tui.run.keys import KEYS as RUN_KEYS
from tests.house import folder_map

ROOT = Path(__file__).parent.parent
PACKAGE = Path(kinetics_tui.__file__).parent
PAGES = {
    "README": ROOT / "README.md",
    **{name: TOPICS_FOLDER / f"{name}.md" for name in topic_names()},
}
TEXTS = {name: path.read_text(encoding="utf-8") for name, path in PAGES.items()}
README = TEXTS["README"]
ALL_TOPICS = "\n".join(TEXTS[name] for name in topic_names())
OTHERS_FLAGS = {
    "--download-sections",  # yt-dlp's
    "--extractor-args",  # yt-dlp's
    "--force-keyframes-at-cuts",
    "--help",
    "--short",  # of tests.house
}
"""Flags of other programs, and those that every command has."""
KEYS = {
    "getting-started": RUN_KEYS,
    "networks": NETWORKS_KEYS,
    "hosts": HOSTS_KEYS,
    "failures": FAILURES_KEYS,
    "checking": REPORT_KEYS,
    "clips": CLIPS_KEYS,
}

every_page = pytest.mark.parametrize("page", PAGES)


def command_called(name: str) -> click.Command:
    command = app.get_command(click.Context(app), name)
    assert command is not None
    return command


def flags_of(command: click.Command) -> set[str]:
    return {flag for option in command.params for flag in (*option.opts, *option.secondary_opts)} | {
        *HELP_FLAGS
    }


ALL_FLAGS = {
    flag
    for command in (app, *map(command_called, COMMANDS))
    for flag in flags_of(command)
    if flag.startswith("--")
}


def parts(text: str) -> Iterator[tuple[str | None, str]]:
    """A page in parts: fenced blocks with their language, which may be empty; None with what is between."""
    language: str | None = None
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        if not line.startswith("```"):
            lines.append(line)
            continue
        yield language, "".join(lines)
        language, lines = (line[3:].strip() if language is None else None), []
    yield language, "".join(lines)


def blocks(text: str, language: str | None) -> list[str]:
    return [part for name, part in parts(text) if name == language]


def prose(text: str) -> str:
    return "".join(blocks(text, None))


def command_lines(text: str) -> Iterator[list[str]]:
    """What follows ``kinetics-tui`` in the lines for a shell."""
    for block in blocks(text, "sh"):
        for line in block.splitlines():
            for part in re.split(r"&&|;", line.partition(" # ")[0]):
                words = shlex.split(part, comments=True)
                if words[:1] == ["kinetics-tui"]:
                    yield words[1:]


def table(text: str, heading: str) -> list[list[str]]:
    """The cells of the table below a header line, row by row."""
    below = text[text.index(heading) :].splitlines()[2:]
    rows = []
    for line in below:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# -- pages -------------------------------------------------------------------------------------------------


def test_readme_is_short() -> None:
    assert len(README.splitlines()) <= 250


def test_every_file_in_the_folder_is_a_topic_and_every_topic_has_a_file() -> None:
    assert {path.stem for path in TOPICS_FOLDER.iterdir()} == set(topic_names())


@pytest.mark.parametrize("name", topic_names())
def test_a_topic_has_a_title_and_a_summary_of_one_line(name: str) -> None:
    lines = TEXTS[name].splitlines()
    assert re.fullmatch(r"# \S.*", lines[0])
    assert lines[1] == lines[3] == ""
    assert 20 <= len(lines[2]) <= 56, "lists show it in one line of 80 columns"
    assert find_topic(name).summary == lines[2]
    assert len(re.findall(r"^# ", prose(TEXTS[name]), re.M)) == 1


@every_page
def test_every_link_and_picture_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", TEXTS[page]):
        if not target.startswith("https://"):
            assert (PAGES[page].parent / target).exists(), target


@pytest.mark.parametrize("name", topic_names())
def test_readme_leads_to_every_topic(name: str) -> None:
    assert f"[{name}](kinetics_tui/topics/{name}.md)" in README


def test_the_pictures_are_all_shown_somewhere() -> None:
    shown = {Path(target).name for target in re.findall(r"\]\(([^)]+\.svg)\)", "\n".join(TEXTS.values()))}
    assert shown == {path.name for path in (ROOT / "screenshots").glob("*.svg")}


# -- command lines -----------------------------------------------------------------------------------------


def take(words: list[str]) -> None:
    """Read a command line and carry nothing out. Raises where it is wrong."""
    args = completed(app, words)
    command_called(args[0]).make_context(args[0], args[1:])


@every_page
def test_every_command_line_is_one_that_the_program_takes(page: str) -> None:
    for words in command_lines(TEXTS[page]):
        take(words)


@every_page
def test_every_command_and_flag_in_the_text_is_there(page: str) -> None:
    text = TEXTS[page]
    for words in re.findall(r"`kinetics-tui( [^`]*)?`", text):
        args = words.split()
        if args and re.fullmatch(r"[a-z]+", args[0]):
            assert args[0] in COMMANDS, args
            flags = flags_of(command_called(args[0]))
            assert {word for word in args if word.startswith("--")} <= flags, args
    shell = [line for block in blocks(text, "sh") for line in block.splitlines()]
    ours = "\n".join([prose(text), *(line for line in shell if not line.startswith(("python3", "bash")))])
    for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]*", ours):
        assert flag in ALL_FLAGS | OTHERS_FLAGS, flag


def test_a_command_line_that_is_wrong_is_noticed() -> None:
    for line in ("kinetics-tui retri x", "kinetics-tui pause x --nwo", "kinetics-tui export x"):
        (words,) = command_lines(f"```sh\n{line}  # a comment\n```")
        with pytest.raises((click.UsageError, UserError)):
            take(words)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("open", "help")])
def test_the_topics_tell_of_every_command_with_all_its_flags(name: str) -> None:
    assert re.search(rf"`kinetics-tui {name}\b|^kinetics-tui {name}\b", ALL_TOPICS, re.M)
    for flag in flags_of(command_called(name)):
        if flag.startswith("--"):
            assert re.search(rf"{re.escape(flag)}(?![\w-])", ALL_TOPICS), flag


# -- tables ------------------------------------------------------------------------------------------------


def options_table() -> str:
    """The table of the options of a run, made from where they are declared."""
    rows = ["| option | meaning, and the default in brackets |", "|---|---|"]
    for option in options_in(Options).values():
        if option.opt.help:
            flag = f"{option.flag} {option.opt.metavar}".strip()
            rows.append(f"| `{flag}` | {help_text(option)} |")
    return "\n".join([*rows, ""])


def test_the_table_of_options_is_the_one_made_from_them() -> None:
    assert f"\n{options_table()}\n" in TEXTS["settings"]


def test_the_script_for_slurm_is_the_one_that_is_printed() -> None:
    script = SBATCH.format(program=PROGRAM, dataset="~/kinetics", file="~/kinetics.connect")
    assert script in TEXTS["hosts"]


def test_the_settings_example_is_the_one_that_is_tested() -> None:
    assert blocks(TEXTS["settings"], "toml") == [EXAMPLE_TOML]


def test_every_failure_category_is_listed_with_its_kind_and_advice() -> None:
    expected = [[category.value, category.kind.value, category.advice] for category in Category]
    assert table(TEXTS["failures"], "| category |") == expected


@pytest.mark.parametrize("name", KEYS)
def test_every_key_is_listed_as_the_help_in_the_app_has_it(name: str) -> None:
    expected = [[f"`{key_text(key)}`", key.description, key.tooltip] for key in KEYS[name]]
    assert table(TEXTS[name], "| key | name |") == expected


def test_the_keys_in_readme_are_keys_of_the_run_screen() -> None:
    bound = {part for key in RUN_KEYS for part in key_text(key).split()} | {"ctrl+p"}
    named = [key for cells in table(README, "| key | does |") for key in codes(cells[0])]
    assert set(named) <= bound
    assert {"space", "P", "n", "f", "r", "d", "q", "?"} <= set(named)
    assert all(isinstance(key, Binding) for key in RUN_KEYS)


def event_rows() -> list[list[str]]:
    """Every event with its keys as scripts see them: a network that changes is up to three events there."""
    keys: dict[str, list[str]] = {}
    for event in get_args(AnyEvent):
        about = msgspec.inspect.type_info(event)
        assert isinstance(about, msgspec.inspect.StructType)
        mark = " *" if event in QUIET else ""
        keys[f"`{about.tag}`{mark}"] = [field.encode_name for field in about.fields]
    out = StringIO()
    write = json_lines(out)
    network = NetworkState(name="n", label="l", kind=NetworkKind.DEFAULT_ROUTE, in_use=True)
    for news in NetworkNews:
        write(RunState(), NetworkChanged(at=0.0, network=network, news=news))
    made = MadeFile(
        output_bytes=1, duration_s=10.0, width_px=1, height_px=1, fps=1.0, sound=True, short=False, exact=True
    )
    clip = Clip("0wR5jVB-WPk", 417, 427, "val", "abseiling")
    write(RunState(), ClipDone(at=0.0, slot=1, clip=clip, made=made, spent=Spent()))
    for line in map(json.loads, out.getvalue().splitlines()):
        keys[f"`{line['event']}`"] = list(line)
    return [
        [name, ", ".join(f"`{key}`" for key in names if key not in ("at", "event"))]
        for name, names in sorted(keys.items())
    ]


def test_every_event_is_listed_with_its_keys() -> None:
    rows = "".join(f"| {' | '.join(row)} |\n" for row in event_rows())
    assert rows in TEXTS["files"], f"the rows are\n{rows}"
    assert len(table(TEXTS["files"], "| event | keys |")) == len(event_rows())
    assert ", ".join(f"`{field}`" for field in Clip.__struct_fields__) in TEXTS["files"]


def test_the_keys_of_status_are_listed() -> None:
    assert ", ".join(f"`{key}`" for key in status_json(RunState())) in " ".join(TEXTS["files"].split())


@pytest.mark.parametrize(
    ("heading", "columns"),
    [("## stats.csv", STATS_COLUMNS), ("## Manifest", MANIFEST_COLUMNS)],
    ids=["stats", "manifest"],
)
def test_the_columns_of_files_are_listed(heading: str, columns: tuple[str, ...]) -> None:
    below = TEXTS["files"][TEXTS["files"].index(heading) :]
    assert [name for cells in table(below, "| column |") for name in codes(cells[0])] == list(columns)


def test_every_table_of_the_ledger_is_listed() -> None:
    listed = {name for cells in table(TEXTS["files"], "| table |") for name in codes(cells[0])}
    assert listed == set(re.findall(r"CREATE TABLE (\w+)", SCHEMA))


def test_this_version_is_among_the_changes() -> None:
    assert f"\n## {__version__}\n" in TEXTS["changes"]


# -- folders -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("page", "deep"), [("README", False), ("architecture", True)])
def test_the_map_of_the_folders_is_made_of_their_own_first_lines(page: str, deep: bool) -> None:
    """``python -m tests.house`` prints the map of the architecture, with ``--short`` that of README."""
    listed = re.findall(r"^ *- `\w+/` .*$", TEXTS[page], re.M)
    assert "\n".join(listed) == folder_map(PACKAGE, deep=deep)


@pytest.mark.parametrize("page", ["architecture", "contributing", "README"])
def test_every_file_of_the_code_that_is_named_is_there(page: str) -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()} | {"tests", "screenshots"}
    for name in codes(prose(TEXTS[page])):
        if re.fullmatch(r"[\w-]+/[\w./-]+", name) and name.partition("/")[0] in folders:
            base = ROOT if name.startswith(("tests/", "screenshots/")) else PACKAGE
            assert (base / name).exists(), name
