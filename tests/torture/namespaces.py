"""Parts of the system that a test may break: mounts and networks that are its own and end with it."""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.waiting import until

_CLONE_NEWNET = 0x40000000


@functools.cache
def why_not(flags: str) -> str:
    """Why no namespace of this kind can be had here; empty where it can."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return "there is no unshare here"
    tried = subprocess.run([unshare, flags, "true"], capture_output=True, text=True, check=False)
    return tried.stderr.strip() if tried.returncode else ""


def require(flags: str) -> list[str]:
    """The beginning of a command line in such a namespace; the test is skipped where there is none."""
    if why := why_not(flags):
        pytest.skip(f"no namespace of its own: {why}")
    return ["unshare", flags]


def ip(*arguments: str) -> None:
    """Change addresses and interfaces; of a network of one's own."""
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@contextmanager
def own_network() -> Iterator[bool]:
    """This thread, and what it starts, on a network of its own; False: none is to be had."""
    if why_not("-n") or shutil.which("ip") is None:
        yield False
        return
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        assert libc.unshare(_CLONE_NEWNET) == 0
        try:
            ip("link", "set", "lo", "up")
            yield True
        finally:
            assert libc.setns(before, _CLONE_NEWNET) == 0
    finally:
        os.close(before)


class Machine:
    """A network of its own, with one cable to that of the test, by which it reaches everything."""

    def __init__(self, name: str, address: str, pid: int) -> None:
        self.address = address
        self.inside = ["nsenter", f"--net=/proc/{pid}/ns/net"]
        """The beginning of a command line that is run on it."""
        self._cable = f"to-{name}"
        ip("link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", str(pid))
        ip("link", "set", self._cable, "master", "hub")
        self.plug(True)
        for command in (
            ("link", "set", "lo", "up"),
            ("link", "set", "eth0", "up"),
            ("address", "add", f"{address}/24", "dev", "eth0"),
            ("route", "add", "default", "via", HUB),
        ):
            subprocess.run([*self.inside, "ip", *command], check=True, capture_output=True)

    def plug(self, there: bool) -> None:
        """Plug the cable in, or pull it out."""
        ip("link", "set", self._cable, "up" if there else "down")


HUB = "10.77.0.1"
"""The address of the test on the network of its machines."""


@contextmanager
def machines(names: Sequence[str]) -> Iterator[list[Machine]]:
    """Machines beside that of the test, which is to be on a network of its own; at 10.77.0.2 and so on."""
    ip("link", "add", "hub", "type", "bridge")
    ip("address", "add", f"{HUB}/24", "dev", "hub")
    ip("link", "set", "hub", "up")
    ip("route", "add", "default", "via", HUB)
    with ExitStack() as ending:
        made = []
        for number, name in enumerate(names, 2):
            command = ["unshare", "-n", "sleep", "infinity"]
            holds = ending.enter_context(subprocess.Popen(command))
            ending.callback(holds.terminate)
            _wait_for_network(holds.pid)
            made.append(Machine(name, f"10.77.0.{number}", holds.pid))
        yield made


def _wait_for_network(pid: int) -> None:
    """Wait until a process has left the network of this one."""
    own = Path("/proc/thread-self/ns/net").readlink()
    until(lambda: Path(f"/proc/{pid}/ns/net").readlink() != own)
