"""Hosts as their users run them: real programs beside an engine, each by an address of its own."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from kinetics_tui.demo.dataset import Demo
from kinetics_tui.demo.youtube import LoopbackYouTube
from kinetics_tui.engine.wire.connect_file import ConnectFile
from kinetics_tui.model.network import HostStatus
from tests.program import Program
from tests.waiting import until

ENDS_WITHIN_S = 60.0


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run_flags(
    demo: Demo, youtube: LoopbackYouTube, port: int, *, workers: int = 1, address: str = "127.0.0.1"
) -> list[str]:
    """The flags of a run that listens for hosts at this address of its machine, and itself goes out by it."""
    own = address != "127.0.0.1"  # by which it goes out without being told
    return [
        *(flag for path in demo.annotations for flag in ("--annotations", str(path))),
        *("--pace", "unlimited", "--workers", str(workers), "--retry", "1s,1s"),
        *("--listen", f"{address}:{port}", "--headless"),
        f"--yt-dlp={'' if own else '--source-address 127.0.0.1 '}{shlex.join(youtube.direct_args())}",
    ]


class HostPrograms:
    """The hosts of a run: started, killed, frozen. ``in_place``: they are told where the dataset is."""

    def __init__(self, program: Program, *, in_place: bool = False) -> None:
        self._program = program
        self._in_place = in_place
        self.running: dict[str, subprocess.Popen[str]] = {}
        self._log = (program.folder / "hosts.log").open("a")

    def connect_file(self, name: str, *, through: str = "", in_place: bool | None = None) -> Path:
        """A connect file for a host; unless ``in_place``, of a folder that no host sees.

        ``through`` is the address that the host shall call in the place of the engine's own.
        """
        in_place = self._in_place if in_place is None else in_place
        path = self._program.folder / f"{name}.connect"
        made = self._program("hosts", str(self._program.dataset), "--connect-file", str(path))
        assert made.returncode == 0, made.stderr
        file = ConnectFile.read(path)
        if through or not in_place:
            changed = ConnectFile.make(
                title=file.title,
                folder=file.folder if in_place else "/nowhere",
                addresses=(through,) if through else file.addresses,
                token=file.token,
                credentials=file.credentials,
            )
            changed.write(path)
        return path

    def start(
        self,
        name: str,
        address: str,
        *flags: str,
        workers: int = 2,
        file: Path | None = None,
        inside: Sequence[str] = (),
    ) -> subprocess.Popen[str]:
        """Start a host that goes out by an address of this machine; ``file``: by this connect file.

        ``inside``: on another machine, as that goes out by itself; this begins a command line there.
        """
        file = file or self.connect_file(name)
        by = [] if inside else ["--network", address]
        started = subprocess.Popen(
            [
                *(*inside, sys.executable, "-m", "kinetics_tui", "host", "--connect", str(file)),
                *("--name", name, "--workers", str(workers), *by, *flags),
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            text=True,
            cwd=self._program.folder,
            start_new_session=True,
        )
        self.running[name] = started
        return started

    def is_here(self, name: str) -> bool:
        """Whether the engine has it at work."""
        if not self._program.is_running():
            return False
        host = self._program.state().hosts.get(name)
        return host is not None and host.status is HostStatus.HERE and host.ready > 0

    def kill(self, name: str) -> None:
        """Kill a host and all its workers, as a power cut does."""
        process = self.running.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def signal(self, name: str, number: int) -> None:
        """Send a signal to a host and all its workers."""
        for pid in [self.running[name].pid, *(process.pid for process in self.family(name))]:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def family(self, name: str) -> list[psutil.Process]:
        """The processes below a host."""
        with suppress(psutil.Error):
            return psutil.Process(self.running[name].pid).children(recursive=True)
        return []

    def close(self) -> None:
        """End whatever is left."""
        for name in list(self.running):
            self.kill(name)
        self._log.close()

    def ended(self, within_s: float = ENDS_WITHIN_S) -> dict[str, int]:
        """The exit codes of all hosts, once the run is over."""
        until(lambda: all(one.poll() is not None for one in self.running.values()), within_s)
        return {name: one.returncode for name, one in self.running.items()}
