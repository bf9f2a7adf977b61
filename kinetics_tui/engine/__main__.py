"""``python -m kinetics_tui.engine DATASET``: the engine as a program of its own, started by a view."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import faulthandler
import logging
import os
import signal
import sys
import time
from pathlib import Path

from kinetics_tui import __version__
from kinetics_tui.base.errors import EngineError, UserError
from kinetics_tui.base.machine import allow_files
from kinetics_tui.dataset.folder import log_path
from kinetics_tui.dataset.ledger.ledger import Ledger
from kinetics_tui.engine.context import Clock
from kinetics_tui.engine.engine import Engine
from kinetics_tui.engine.networks.routes import ways_of
from kinetics_tui.engine.process.address import (
    FAILED,
    READY,
    Whereabouts,
    WriterLock,
    give_sign_of_life,
    socket_paths,
    temporary_folder,
    write_whereabouts,
)
from kinetics_tui.engine.process.logfile import LogFile, LogHandler
from kinetics_tui.engine.process.server import Server
from kinetics_tui.engine.workers.pool import load_workers

SOCKET_EVERY_S = 60.0
LOG_EVERY_S = 5.0
SIGN_EVERY_S = 2.0
CRASHED = 1
BAD_INPUT = 2

log = logging.getLogger("kinetics_tui.engine")


def main() -> int:
    """Run one engine; the exit code is 0 when it was stopped or done, 2 on bad input, 1 on our fault."""
    parser = argparse.ArgumentParser(prog="python -m kinetics_tui.engine")
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--ready-fd", type=int, default=None)
    given = parser.parse_args()
    handler = LogHandler(LogFile(log_path(given.dataset)))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.raiseExceptions = False  # a line that cannot be written is no reason to write more
    faulthandler.enable()
    starter = Starter(given.ready_fd)
    try:
        with WriterLock(given.dataset), Ledger.open(given.dataset) as ledger:
            handler.tend()  # what the engines before this one left
            allow_files(ledger.options.workers)
            load_workers(temporary_folder(given.dataset))
            asyncio.run(_serve(given.dataset, ledger, starter, handler))
    except UserError as error:
        log.error("%s", error)  # noqa: TRY400 -- the user's to mend: the sentence says all, a trace nothing
        starter.say(str(error))
        return BAD_INPUT
    except Exception:
        log.exception("the engine failed")
        starter.say(FAILED)
        return CRASHED
    return 0


class Starter:
    """The program that started the engine; it listens for one line at ``fd``, if it listens at all."""

    def __init__(self, fd: int | None) -> None:
        self._fd = fd

    def say(self, text: str) -> None:
        """Tell it one line, the first time."""
        fd, self._fd = self._fd, None
        if fd is None:
            return
        with contextlib.suppress(OSError):  # it has gone away meanwhile
            os.write(fd, f"{text}\n".encode())
        os.close(fd)


async def _serve(dataset: Path, ledger: Ledger, starter: Starter, handler: LogHandler) -> None:
    clock = Clock()
    server = Server(lambda command: engine.obey(command), lambda: engine.state.as_events())
    engine = Engine(
        dataset,
        ledger,
        ways=ways_of(ledger),
        broadcast=server.broadcast,
        watchers=server.looked,
        clock=clock,
        clock_set_by=clock.follow,
    )
    loop = asyncio.get_running_loop()
    # A hang-up is the terminal's business: the run goes on. Everything else that asks us to end does.
    loop.add_signal_handler(signal.SIGHUP, log.info, "hang-up ignored")
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, engine.stop)
    write_whereabouts(dataset, Whereabouts(os.getpid(), time.time(), __version__))  # before anybody calls
    await engine.open()
    path = await server.open(socket_paths(dataset))
    log.info("engine %d serves %s at %s", os.getpid(), dataset, path)
    starter.say(READY)
    keepers = [
        asyncio.create_task(keeper)
        for keeper in (_keep_socket(server, engine), _keep_log(handler), _give_signs(dataset, engine))
    ]
    try:
        await engine.run()
    finally:
        for keeper in keepers:
            keeper.cancel()
        await server.close()
        log.info("engine %d ends: %s", os.getpid(), engine.state.reason)


async def _keep_socket(server: Server, engine: Engine) -> None:
    while True:
        await asyncio.sleep(SOCKET_EVERY_S)
        try:
            if engine.at_home:
                await server.restore()
        except (OSError, EngineError):
            log.exception("the socket cannot be put back")


async def _give_signs(dataset: Path, engine: Engine) -> None:
    while True:
        await asyncio.sleep(SIGN_EVERY_S)
        if engine.at_home:
            give_sign_of_life(dataset)


async def _keep_log(handler: LogHandler) -> None:
    while True:
        await asyncio.sleep(LOG_EVERY_S)
        handler.tend()


if __name__ == "__main__":
    sys.exit(main())
