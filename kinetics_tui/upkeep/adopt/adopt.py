"""Clips that exist already taken over into a dataset, each verified as our own are."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

import msgspec

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.dataset.folder import has_ledger, make_state_folder, scratch_path
from kinetics_tui.dataset.ledger.database import NoLedger, connect, plain_errors
from kinetics_tui.engine.archives.members import SUFFIXES, ArchiveError, is_archive
from kinetics_tui.engine.process.address import WriterLock
from kinetics_tui.upkeep.adopt.candidates import Offer
from kinetics_tui.upkeep.adopt.result import Adopted, Adoption, Fate, LinkMode
from kinetics_tui.upkeep.adopt.take import Adopting, Taking
from kinetics_tui.upkeep.adopt.unpack import batches
from kinetics_tui.upkeep.check.check import renew_records
from kinetics_tui.upkeep.check.findings import LedgerState
from kinetics_tui.upkeep.check.ledger_health import ledger_state
from kinetics_tui.upkeep.check.rebuild import Wanted, rebuild


def adopt(dataset: Path, how: Adopting) -> Adoption:
    """Take clips over into a dataset; with ``dry_run`` nothing is changed anywhere, all else is the same.

    Raises DatasetError where folders or ledger cannot be used, EngineError where an engine runs.
    """
    _require_apart(dataset, how)
    adoption = Adoption(
        dataset=str(dataset.absolute()),
        source=str(how.source.absolute()),
        link=how.link,
        dry_run=how.dry_run,
        quick=how.quick,
    )
    state, _ = ledger_state(dataset)
    if state is LedgerState.DAMAGED:
        raise DatasetError(f"The ledger of {dataset} is damaged; kinetics-tui check --repair mends it.")
    wanted = how.wanted() if state is LedgerState.MISSING else None
    if state is LedgerState.MISSING and wanted is None:
        raise NoLedger(
            f"{dataset} holds no ledger; say which clips it is to hold with --annotations FILE or "
            "--release R."
        )
    if how.dry_run:
        _rehearse(dataset, how, adoption, wanted)
        return adoption
    if wanted is not None:
        make_state_folder(dataset)
    with WriterLock(dataset):
        if wanted is not None and not has_ledger(dataset):
            rebuild(dataset, wanted, how.options, how.tell)
        try:
            _adopt(dataset, how, adoption, ledger_of=dataset)
        finally:
            if adoption.counts[Fate.TAKEN]:
                renew_records(dataset, how.tell)
    return adoption


def _require_apart(dataset: Path, how: Adopting) -> None:
    source = how.source
    if source.is_file() and is_archive(source.name):
        return
    if not source.is_dir():
        raise DatasetError(
            f"{source} is neither a folder nor an archive ({', '.join(SUFFIXES)}); "
            "--from takes what the clips are in."
        )
    one, other = source.resolve(), dataset.resolve()
    if one == other or one in other.parents or other in one.parents:
        raise DatasetError(f"{source} and {dataset} lie in one another; --from takes a folder apart from it.")
    there = next(folder for folder in (other, *other.parents) if folder.exists())
    if how.link is LinkMode.HARD and not how.dry_run and there.stat().st_dev != one.stat().st_dev:
        raise DatasetError(f"{source} is on another file system than {dataset}; give --link copy.")


def _rehearse(dataset: Path, how: Adopting, adoption: Adoption, wanted: Wanted | None) -> None:
    if wanted is None:
        _adopt(dataset, how, adoption, ledger_of=dataset)
        return
    with tempfile.TemporaryDirectory(prefix="kinetics-adopt-") as name:
        made = Path(name)
        rebuild(dataset if dataset.exists() else made, wanted, how.options, how.tell, into=made)
        _adopt(dataset, how, adoption, ledger_of=made)


def _adopt(dataset: Path, how: Adopting, adoption: Adoption, *, ledger_of: Path) -> None:
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(contextlib.closing(connect(ledger_of, read_only=how.dry_run)))
        offer = stack.enter_context(Offer(database))
        scratch = scratch_path(dataset)
        if how.dry_run:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kinetics-adopt-")))
        else:
            with plain_errors(scratch):
                scratch.mkdir(exist_ok=True)
                scratch = Path(tempfile.mkdtemp(prefix="adopt-", dir=scratch))
            stack.callback(shutil.rmtree, scratch, ignore_errors=True)
        archives = [how.source]
        if how.source.is_dir():
            loose = Taking(dataset.absolute(), how, adoption, offer, database, scratch)
            loose.run()
            archives = sorted(loose.archives, key=_replacements_first)
        for archive in archives:
            if adoption.interrupted:
                break
            unpacked = msgspec.structs.replace(how, source=scratch / "unpacked", link=LinkMode.HARD)
            taking = Taking(
                dataset.absolute(), unpacked, adoption, offer, database, scratch, f"{archive.name}/"
            )
            _adopt_unpacked(archive, taking)


def _replacements_first(archive: Path) -> tuple[bool, str]:
    """Kinetics-400 has an archive of the clips that are damaged in the others."""
    return "replacement" not in archive.name, str(archive)


def _adopt_unpacked(archive: Path, taking: Taking) -> None:
    adoption, into = taking.adoption, taking.how.source
    adoption.archives += 1
    try:
        for _ in batches(archive, into, taking.wants, taking.stopped):
            taking.offer.forget_files()
            taking.run()
        adoption.interrupted = taking.how.stopped()
    except ArchiveError as error:
        adoption.files += 1
        why = f"it cannot be read on ({error}); fetch it again for the clips behind that"
        adopted = Adopted(archive.name, Fate.UNREADABLE, why)
        adoption.note(adopted)
        taking.how.on_settled(adopted)
    except OSError as error:
        raise DatasetError(
            f"{into} cannot be written ({error.strerror}): {adoption.counts[Fate.TAKEN]:,} clips were taken; "
            "make room, then adopt again."
        ) from error
