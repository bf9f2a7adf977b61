"""Commands that say what a dataset holds: export for readers, manifest, compare.

What each comes to is printed as plain text, a comparison also for scripts.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO, cast

import click
import msgspec

from kinetics_tui.base.errors import SettingsError
from kinetics_tui.base.output import Output
from kinetics_tui.base.safe_text import for_terminal, lines_for_terminal
from kinetics_tui.base.whole_file import whole_text
from kinetics_tui.base.words import are, counted
from kinetics_tui.cli import options
from kinetics_tui.cli.command_line import answer, say, tell
from kinetics_tui.cli.completion import NAMES, one_of
from kinetics_tui.cli.help_text import command
from kinetics_tui.cli.progress import Progress, ProgressLine, rate_text
from kinetics_tui.dataset.export.clip_files import Link
from kinetics_tui.dataset.export.make import MISSING, Exported, Exporting, export
from kinetics_tui.dataset.export.remote import is_address
from kinetics_tui.dataset.ledger.database import plain_errors
from kinetics_tui.dataset.manifest import write_entry, write_header
from kinetics_tui.upkeep.compare import Comparison, Sides
from kinetics_tui.upkeep.manifest import Tally, make_manifest

CLASSES_SHOWN = 10
NO_LABEL = "(no label)"
_LONGEST_LABEL = 40


def export_progress(exported: Exported, took_s: float) -> str:
    """The progress of an export after so many seconds."""
    if exported.on_its_way:  # no rate by clips holds then
        return f"{exported.on_its_way}; {exported.looked_at:,} of {exported.clips:,} clips"
    return rate_text(exported.looked_at, exported.clips, took_s, "clips")


def export_text(exported: Exported) -> str:
    """The result of an export, and what is worth knowing of it."""
    held = exported.added + exported.there
    new = f", {exported.added:,} of them new" if exported.there else ""
    many = f"{held:,} of {counted(exported.clips, 'clip')} {are(held)}"
    lines = [f"{many} in {for_terminal(exported.folder)}{new}."]
    if exported.copied:
        lines.append(f"{exported.copied:,} {'was' if exported.copied == 1 else 'were'} copied.")
    if exported.missing:
        lines.append(f"{exported.missing:,} {are(exported.missing)} missing: {MISSING} says why of each.")
    if exported.others:
        lines.append(
            f"Of these, {exported.others:,} have something else in their place, which was left alone; "
            "move it away and export again."
        )
    return "\n".join([*lines, *map(for_terminal, exported.notes)])


def manifest_progress(tally: Tally, took_s: float) -> str:
    """The progress of a manifest after so many seconds."""
    return rate_text(tally.told, tally.clips, took_s, "clips")


def manifest_text(tally: Tally) -> str:
    """The contents of a manifest, counted."""
    trusted = f", {tally.trusted:,} of them unchanged and not read again" if tally.trusted else ""
    parts = [f"{tally.here:,} of {counted(tally.clips, 'clip')} {are(tally.here)} here{trusted}"]
    if tally.damaged:
        parts.append(f"{tally.damaged:,} {are(tally.damaged)} damaged")
    if tally.missing:
        parts.append(f"{tally.missing:,} {are(tally.missing)} missing")
    return f"{'; '.join(parts)}."


def comparison_text(found: Comparison) -> str:
    """The clips that two datasets have of each other, and the classes that differ most."""
    rows = [
        ("A", found.clips_a, for_terminal(found.a)),
        ("B", found.clips_b, for_terminal(found.b)),
        ("in both", found.common, _share(found)),
        ("  same bytes", found.same_bytes, ""),
        ("  other bytes", found.other_bytes, ""),
        ("    other source", found.other_source, "from an archive on one side, cut by others"),
        ("  cannot be told", found.unknown_bytes, "a file or its digest is not at hand"),
        ("only in A", found.only_a, ""),
        ("only in B", found.only_b, ""),
    ]
    rows = [row for row in rows if row[1] or row[0].strip() not in ("cannot be told", "other source")]
    if found.relabelled:
        rows.append(("relabelled", found.relabelled, "in both, with another split or label"))
    width = max(len(f"{count:,}") for _, count, _ in rows)
    lines = [f"{name:<16}  {count:>{width},}  {note}".rstrip() for name, count, note in rows]
    apart = [one for one in found.classes if one.apart]
    if apart:
        lines += ["", f"Classes that differ most, {min(len(apart), CLASSES_SHOWN)} of {len(apart):,}:"]
        lines.append(f"{'':<{_LONGEST_LABEL}}  {'A':>7}  {'B':>7}  {'both':>7}")
        for one in apart[:CLASSES_SHOWN]:
            label = for_terminal(one.label)[:_LONGEST_LABEL] or NO_LABEL
            lines.append(f"{label:<{_LONGEST_LABEL}}  {one.a:>7,}  {one.b:>7,}  {one.common:>7,}")
    return "\n".join(lines)


def _share(found: Comparison) -> str:
    either = found.clips_a + found.clips_b - found.common
    return f"{found.common / either:.1%} of all that either has" if either else ""


def comparison_json(found: Comparison) -> dict[str, Any]:
    """All that a comparison found, for scripts: what ``compare --json`` prints."""
    told: dict[str, Any] = msgspec.to_builtins(found)
    names = ("only_a", "only_b", "unknown_bytes")
    return {**told, **{name: getattr(found, name) for name in names}}


@contextlib.contextmanager
def _written(to: Path | None) -> Iterator[TextIO]:
    """A text file that gets its name when the block ends without an error; standard output for None."""
    if to is None:
        terminal = sys.stdout.isatty()
        if not terminal and isinstance(sys.stdout, Output):
            sys.stdout.take_data()
        yield cast("TextIO", _OnTerminal()) if terminal else sys.stdout
        sys.stdout.flush()
        return
    with plain_errors(to), whole_text(to) as text:
        yield text


class _OnTerminal:
    """Standard output for rows of CSV on a terminal: without what a terminal obeys."""

    def write(self, text: str) -> int:
        return sys.stdout.write(lines_for_terminal(text))


def _link(asked: str | None) -> Link | None:
    if asked is not None and asked not in list(Link):
        raise SettingsError(f"--link {asked!r}: give hard, sym or copy.")
    return None if asked is None else Link(asked)


@command()
@options.dataset
@click.option(
    "--for",
    "reader",
    required=True,
    metavar="READER",
    shell_complete=NAMES["reader"],
    help="torchvision, mmaction2, slowfast, pytorchvideo, fiftyone, csv, parquet or webdataset.",
)
@click.option(
    "--to",
    metavar="DIR",
    shell_complete=options.folder,
    help="A folder, or an address as s3://bucket/prefix (DATASET-READER, beside the dataset).",
)
@click.option(
    "--link",
    metavar="HOW",
    shell_complete=one_of(Link),
    help="hard, sym or copy (hard; copy on another disk).",
)
@click.option(
    "--release",
    metavar="NAME",
    default="",
    shell_complete=NAMES["release"],
    help="Number the classes as this release does (that of the dataset).",
)
def export_command(dataset: Path, reader: str, to: str | None, link: str | None, release: str) -> None:
    """Lay the clips out as a reader expects them; again: adds what is new, and deletes nothing."""
    place = to if to is None or is_address(to) else Path(to)
    asked = Exporting(reader=reader, to=place, link=_link(link), release=release)
    with Progress(sys.stderr, export_progress) as progress:
        exported = export(dataset, asked, tell, progress.tell)
    say(export_text(exported))


@command()
@options.dataset
@click.option(
    "--to", metavar="FILE", type=Path, shell_complete=NAMES["file"], help="Where to (standard output)."
)
@click.option(
    "--trust-unchanged",
    is_flag=True,
    help="Do not read files again whose size and time of change are as before.",
)
@options.files_at_a_time
def manifest(dataset: Path, to: Path | None, trust_unchanged: bool, workers: int | None) -> None:
    """List every clip as CSV: checksum, frames, source, programs, and what is missing and why."""
    tally = Tally()
    with Progress(sys.stderr, manifest_progress) as progress:
        entries = make_manifest(
            dataset, tally, trust_unchanged=trust_unchanged, workers=workers, on_progress=progress.tell
        )
        # Ended with this block: the files that are being read are then let go.
        with contextlib.closing(entries):
            first = list(itertools.islice(entries, 1))  # a folder that is no dataset has no header either
            with _written(to) as text:
                write_header(text)
                for entry in itertools.chain(first, entries):
                    write_entry(text, entry)
    tell(manifest_text(tally))


@command()
@click.argument("a", type=Path, shell_complete=NAMES["file"], help="A dataset folder or a manifest.")
@click.argument("b", type=Path, shell_complete=NAMES["file"], help="Another one.")
@click.option(
    "--common",
    metavar="FILE",
    type=Path,
    shell_complete=NAMES["file"],
    help="Write the clips that both have, for run --annotations.",
)
@options.as_json
def compare(a: Path, b: Path, common: Path | None, as_json: bool) -> None:
    """Say what two datasets have in common, by key and byte for byte, and where they differ."""
    with Sides(a, b) as sides:
        with ProgressLine(sys.stderr) as progress:
            found = sides.compare(
                lambda done, total: progress.tell_by(
                    lambda took_s: rate_text(done, total, took_s, "common clips")
                )
            )
        if common is not None:
            with _written(common) as text:
                sides.write_common(text)
    answer(found, as_json=as_json, fields=comparison_json, text=comparison_text)
