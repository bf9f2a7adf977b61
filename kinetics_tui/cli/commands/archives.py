"""The command archives: which may hold clips of a dataset, what is known of them, and their index."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from kinetics_tui.base.errors import EngineError, SettingsError
from kinetics_tui.base.safe_text import for_terminal, json_line, mask_credentials, shell_word
from kinetics_tui.base.words import are, bytes_text, counted, duration_text, rate_text
from kinetics_tui.cli import options
from kinetics_tui.cli.command_line import say, tell
from kinetics_tui.cli.completion import NAMES
from kinetics_tui.cli.engine_of import find_archives
from kinetics_tui.cli.help_text import command
from kinetics_tui.dataset.ledger.archives import ArchiveRow, Expected
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.archives import index as index_file
from kinetics_tui.engine.archives.index import Loaded, Written
from kinetics_tui.engine.archives.order import Overview, left_bytes, overview
from kinetics_tui.engine.client.ask import is_running
from kinetics_tui.engine.process.address import WriterLock
from kinetics_tui.model.options import Options
from kinetics_tui.settings.settings import load_settings
from kinetics_tui.settings.values import NONE

_LONGEST_NAME = 44
_LONGEST_WHY = 60


def archives_text(found: Overview) -> str:
    """Sums, limits, and a line an archive in the order of reading."""
    rows = list(_rows(found))
    titles = ("archive", "wanted", "seen", "size", "")
    widths = [max(len(row[at]) for row in (titles, *rows)) for at in range(4)]
    lines = [sum_text(found), *_notes(found)]
    if rows:
        lines.append("")
    for name, wanted, seen, size, state in (titles, *rows) if rows else ():
        cells = f"{name:<{widths[0]}}  {wanted:>{widths[1]}}  {seen:>{widths[2]}}  {size:>{widths[3]}}"
        lines.append(f"{cells}  {state}".rstrip())
    return "\n".join(lines)


def sum_text(found: Overview) -> str:
    """How many clips, archives and bytes in one line."""
    covered = found.coverage
    held = covered.seen + covered.may
    left = " that are left" if found.done else ""
    parts = [f"{held:,} of {counted(covered.wanted, 'clip')}{left}"]
    total = len(found.to_read) + len(found.others)
    if found.others:
        parts.append(f"{len(found.to_read):,} of {counted(total, 'archive')} to be read")
    else:
        parts.append(counted(total, "archive"))
    size_bytes = left_bytes(found.to_read)
    parts.append(bytes_text(size_bytes))
    if (rate := found.options.max_bytes_per_s) and size_bytes:
        parts.append(f"{duration_text(size_bytes / rate)} at {rate_text(rate)}")
    return f"archives: {', '.join(parts)}"


def _notes(found: Overview) -> Iterator[str]:
    covered, asked = found.coverage, found.options
    nowhere = covered.wanted - covered.seen - covered.may
    if covered.may:
        seen, may = f"{covered.seen:,}", f"{covered.may:,}"
        yield f"{seen} of these were seen in archives, {may} may be in those not read yet."
    if nowhere:
        yield f"Of {counted(nowhere, 'clip')} no whole copy is in them, as far as is known."
    unknown = sum(one.archive.size_bytes is None for one in found.to_read)
    if unknown:
        yield f"The size of {counted(unknown, 'archive')} is not known."
    limits = [f"{asked.archives_at_once} at once"]
    if asked.max_archive_bytes is not None:
        spent = bytes_text(_spent_bytes(found))
        limits.append(f"{bytes_text(asked.max_archive_bytes)} in all (--max-gb; {spent} fetched)")
    if asked.max_disk_bytes is not None:
        limits.append(f"{bytes_text(asked.max_disk_bytes)} of disk (--max-disk)")
    if asked.max_bytes_per_s is not None:
        limits.append(f"{rate_text(asked.max_bytes_per_s)} (--max-rate)")
    if asked.keep_archives:
        limits.append("kept when they are read (--keep-archives)")
    yield f"Sources: {', then '.join(asked.sources)}. Archives: {', '.join(limits)}."


def _spent_bytes(found: Overview) -> int:
    return sum(one.wire_bytes for one in _all(found))


def _all(found: Overview) -> list[ArchiveRow]:
    return [*(one.archive for one in found.to_read), *found.others]


def _rows(found: Overview) -> Iterator[tuple[str, ...]]:
    for one in found.to_read:
        yield _row(found, one.archive, one.expected)
    for archive in found.others:
        yield _row(found, archive, Expected(0, known=archive.passed))


def _row(found: Overview, archive: ArchiveRow, expected: Expected) -> tuple[str, ...]:
    name = for_terminal(mask_credentials(archive.name))
    if len(name) > _LONGEST_NAME:
        name = f"...{name[3 - _LONGEST_NAME :]}"
    about = "" if expected.known else "about "
    wanted = "not known" if expected.clips is None else f"{about if expected.clips else ''}{expected.clips:,}"
    seen = found.members.get(archive.id, 0)
    size = "" if archive.size_bytes is None else bytes_text(archive.size_bytes)
    return name, wanted, f"{seen:,}", size, _state(archive, expected)


def _state(archive: ArchiveRow, expected: Expected) -> str:
    if archive.why:
        return f"could not be read: {for_terminal(archive.why)[:_LONGEST_WHY]}"
    if archive.passed:
        known = "known by an index" if archive.indexed else "all its clips are known"
        return known if expected.clips else "nothing more is wanted of it"
    if expected.clips == 0:
        return "nothing wanted in it"
    return "to be read first" if archive.replaces else "to be read"


def archives_json(found: Overview) -> dict[str, Any]:
    """All of it for scripts: what ``archives --json`` prints."""
    covered, asked = found.coverage, found.options
    expected = {one.archive.id: one.expected for one in found.to_read}
    return {
        "clips": {
            "wanted": covered.wanted,
            "seen": covered.seen,
            "may_be_there": covered.may,
            "in_none": covered.wanted - covered.seen - covered.may,
        },
        "to_read": len(found.to_read),
        "to_read_bytes": left_bytes(found.to_read),
        "wire_bytes": _spent_bytes(found),
        "sources": [source.value for source in asked.sources],
        "limits": {
            "archives_at_once": asked.archives_at_once,
            "max_archive_bytes": asked.max_archive_bytes,
            "max_disk_bytes": asked.max_disk_bytes,
            "max_bytes_per_s": asked.max_bytes_per_s,
            "keep_archives": asked.keep_archives,
        },
        "archives": [
            _fields(found, one, expected.get(one.id, Expected(0, known=one.passed))) for one in _all(found)
        ],
    }


def _fields(found: Overview, archive: ArchiveRow, expected: Expected) -> dict[str, Any]:
    return {
        "name": mask_credentials(archive.name),
        "address": mask_credentials(archive.address),
        "to_read": expected.clips != 0,
        "wanted": expected.clips,
        "wanted_is_known": expected.known,
        "seen": found.members.get(archive.id, 0),
        "passed": archive.passed,
        "indexed": archive.indexed,
        "size_bytes": archive.size_bytes,
        "wire_bytes": archive.wire_bytes,
        "replaces": archive.replaces,
        "split": archive.split,
        "class": archive.label,
        "why": archive.why,
    }


def loaded_text(loaded: Loaded, path: Path) -> str:
    """What an index told that was not known."""
    told = f"{counted(loaded.members, 'clip')} in {counted(loaded.archives, 'archive')}"
    parts = [f"Loaded from {for_terminal(str(path))}: {told}, {loaded.whole:,} of them known to the end now."]
    if loaded.known:
        parts.append(
            f"{counted(loaded.known, 'archive')} {'was' if loaded.known == 1 else 'were'} read here already."
        )
    if loaded.changed:
        parts.append(f"Of {counted(loaded.changed, 'archive')} there is another version now.")
    if loaded.unknown:
        parts.append(f"{counted(loaded.unknown, 'archive')} {are(loaded.unknown)} not of this dataset.")
    return " ".join(parts)


def written_text(written: Written, path: Path) -> str:
    """What is in an index that was written."""
    told = f"{counted(written.members, 'clip')} in {counted(written.archives, 'archive')}"
    return f"Written: {for_terminal(str(path))}, {told}."


# -- carried out --------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _changing(dataset: Path, what: str) -> Iterator[Ledger]:
    """The ledger to be changed. Raises EngineError where its engine runs."""
    if is_running(dataset):
        raise EngineError(
            f"{what} while its engine runs: kinetics-tui stop {shell_word(str(dataset))} first, and run it "
            "again afterwards."
        )
    with Ledger.open(dataset, read_only=True):  # whoever names no dataset is told that
        pass
    with WriterLock(dataset), Ledger.open(dataset) as ledger:
        yield ledger


def _look_for(dataset: Path, places: tuple[str, ...] | None) -> None:
    """Find the archives of a dataset, in ``places`` from now on, and keep them in its ledger."""
    settings = load_settings({})
    with _changing(dataset, f"Archives of {for_terminal(str(dataset))} cannot be looked for") as ledger:
        asked = ledger.options
        if places is not None:
            asked = msgspec.structs.replace(asked, archives=places)
        clips = [account.clip for account in ledger.accounts() if account.selected]
        ledger.set_archives(find_archives(dataset, settings, tell, ledger.selection, asked, clips))
        ledger.set_options(asked)


def _are_known(dataset: Path) -> bool:
    with Ledger.open(dataset, read_only=True) as ledger:
        return bool(ledger.archives())


def _load(dataset: Path, path: Path) -> Loaded:
    with _changing(dataset, "An index cannot be loaded") as ledger:
        return index_file.load_index(ledger, path)


def _forget(dataset: Path) -> str:
    with _changing(dataset, "An index cannot be forgotten") as ledger:
        count = ledger.forget_indexes()
    return f"What an index told of {counted(count, 'archive')} is forgotten."


def _write(dataset: Path, path: Path) -> Written:
    if path.is_dir():
        raise SettingsError(f"{path} is a folder; give the name of a file in it, such as index.csv.gz.")
    try:
        with Ledger.open(dataset, read_only=True) as ledger:
            return index_file.write_index(ledger, path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written ({error.strerror}); choose another place.") from error


_file_option = functools.partial(click.option, metavar="FILE", type=Path, shell_complete=NAMES["file"])


@command()
@options.dataset
@options.flags_of(Options, "archives")
@click.option("--refresh", is_flag=True, help="Ask again for the lists of archives and for sizes.")
@_file_option("--index", "index", help="Load what others saw in these archives; none: forget it.")
@_file_option("--write-index", "written_to", help="Write what was seen in them, for others to load.")
@options.as_json
def archives(
    dataset: Path, refresh: bool, index: Path | None, written_to: Path | None, as_json: bool, **flags: object
) -> None:
    """Say which archives may hold clips of DATASET, what was seen in them, and which are to be read."""
    given = options.given(**flags)
    places = load_settings(given).options.archives if given else None
    if refresh or places is not None or not _are_known(dataset):
        _look_for(dataset, places)
    if index == Path(NONE):
        tell(_forget(dataset))
        index = None
    loaded = _load(dataset, index) if index is not None else None
    written = _write(dataset, written_to) if written_to is not None else None
    with Ledger.open(dataset, read_only=True) as ledger:
        found = overview(ledger)
    if as_json:
        fields = {"loaded": loaded, "written": written and written._asdict()}
        click.echo(json_line({**archives_json(found), **msgspec.to_builtins(fields)}))
        return
    if loaded is not None and index is not None:
        say(loaded_text(loaded, index))
    if written is not None and written_to is not None:
        say(written_text(written, written_to))
    say(archives_text(found) if loaded is None and written is None else sum_text(found))
