"""A host at work in the foreground: its folder, its signals, and what its user reads meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from kinetics_tui.base.errors import EngineError, SettingsError
from kinetics_tui.base.machine import allow_files, cache_folder
from kinetics_tui.base.words import counted
from kinetics_tui.cli.command_line import SETTLED
from kinetics_tui.engine.hosts.lend import Lender
from kinetics_tui.engine.networks.routes import Ways
from kinetics_tui.engine.wire.connect_file import ConnectFile
from kinetics_tui.engine.workers.pool import load_workers
from kinetics_tui.model.network import NetworkKind, parse_way
from kinetics_tui.model.options import NamedWay

TOTALS_EVERY_S = 60.0
_TEMPORARY = "temporary"
"""Leads from a host's folder to its other one, in which sockets are: their paths have to be short."""


def lend(
    file: ConnectFile,
    name: str,
    workers: int,
    networks: Sequence[str],
    named: Mapping[str, NamedWay],
    *,
    behind: str,
    give_up_after_s: float | None,
    say: Callable[[str], None],
) -> int:
    """Take part in a run until it is over; the exit code.

    Raises UserError where that cannot be, EngineError where no engine was reached for ``give_up_after_s``.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    known = {called: parse_way(one.way) for called, one in named.items()}
    ways = Ways(
        [known.get(text) or parse_way(text) for text in networks or ["default"]], known, discover=list
    )
    for way, network in ways.networks().items():
        if networks and not network.present:
            what = "" if way.kind is not NetworkKind.INTERFACE else ", or name one of your settings file here"
            raise SettingsError(
                f"{way.public} leads nowhere now on this machine: connect it{what}, then begin."
            )
    allow_files(workers)
    with _spool() as spool:
        temporary = Path(tempfile.mkdtemp(prefix="kinetics-tui-"))
        (spool / _TEMPORARY).symlink_to(temporary)
        load_workers(temporary)  # which removes it as this program ends
        lender = Lender(
            file, name, workers, ways, spool, behind=behind, give_up_after_s=give_up_after_s, say=say
        )
        why = asyncio.run(_serve(lender, say))
    say(f"{name} is through: {why}")
    return SETTLED


async def _serve(lender: Lender, say: Callable[[str], None]) -> str:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, lender.leave)
    totals = asyncio.create_task(_tell_totals(lender, say))
    try:
        return await lender.run()
    finally:
        totals.cancel()


async def _tell_totals(lender: Lender, say: Callable[[str], None]) -> None:
    told = 0
    while True:
        await asyncio.sleep(TOTALS_EVERY_S)
        if lender.done != told:
            told = lender.done
            say(f"{counted(told, 'clip')} done, {counted(lender.busy, 'worker')} busy.")


@contextlib.contextmanager
def _spool() -> Iterator[Path]:
    """A folder for clips in the making, removed at the end; those of hosts that died are removed as well."""
    base = cache_folder() / "hosts"
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (base / "lock").open("wb") as one_at_a_time:
            fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
            for old in base.glob("spool-*"):
                _remove_left(old)
            folder = Path(tempfile.mkdtemp(prefix="spool-", dir=base))
            lock = (folder / "lock").open("wb")
            fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError as error:
        raise EngineError(
            f"{base} cannot be used ({error.strerror}): see that there is room, and that this user may."
        ) from error
    with lock:
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _remove_left(old: Path) -> None:
    """Remove the folders of a host, if that died."""
    with contextlib.suppress(OSError), (old / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with contextlib.suppress(OSError):
            shutil.rmtree((old / _TEMPORARY).readlink(), ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
