"""This machine: its cores, the programs on it and how to update them, what ends at logout, open files.

Nothing is sent to find that out.
"""

from __future__ import annotations

import functools
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.machinery import PathFinder
from pathlib import Path

from kinetics_tui import PROGRAM
from kinetics_tui.base.errors import EngineError

PROGRAM_S = 5.0
"""Seconds that another program may take to answer."""


def find_deno(environ: Mapping[str, str]) -> tuple[str | None, str]:
    """Path and version of the deno that yt-dlp would take: the environment's own before PATH's."""
    scripts = sysconfig.get_path("scripts")
    path = shutil.which("deno", path=os.pathsep.join((scripts, environ.get("PATH", ""))))
    if path is None:
        return None, ""
    words = _output([path, "--version"]).split()
    return path, words[1] if len(words) > 1 else ""


def cache_folder() -> Path:
    """Where this user's files are that can be fetched again: annotations, player scripts."""
    import platformdirs  # a program that is only started by this module need not have it

    return Path(platformdirs.user_cache_dir(PROGRAM, appauthor=False))


def version_on_disk(package: str) -> str:
    """The version of a Python package as it stands on the disk now; empty where there is none to be read.

    It is that which a program begun now would load, and not the one that this program has loaded.
    """
    PathFinder.invalidate_caches()
    try:
        found = PathFinder.find_spec(package)
        folder = Path(found.origin).parent if found and found.origin else None
        file = folder and next((folder / name for name in _VERSION_FILES if (folder / name).is_file()), None)
        text = file.read_text(encoding="utf-8") if file else ""
    except (ImportError, OSError, ValueError):
        return ""
    said = _VERSION.search(text)
    return said[1] if said else ""


_VERSION_FILES = ("version.py", "__init__.py")
_VERSION = re.compile(r"""^__version__\s*=\s*["']([^"']+)["']""", re.MULTILINE)


@functools.cache
def update_command(prefix: str = sys.prefix, packages: str = "") -> str:
    """The shell command that brings yt-dlp up to date in this installation, or in the one at ``prefix``.

    ``packages`` is the folder of its packages, if it is not this one's.
    """
    root, wanted = Path(prefix), '"yt-dlp[default]"'
    if (root / "uv-receipt.toml").exists():
        return f"uv tool upgrade {root.name}"
    if (root / "pipx_metadata.json").exists():
        # A plain upgrade leaves what a program depends on as it is, as long as it is new enough.
        return f"pipx runpip {root.name} install -U {wanted}"
    if list(root.glob("conda-meta/yt-dlp-*.json")):
        return f"conda update -p {shlex.quote(prefix)} -c conda-forge yt-dlp"
    site = Path(packages or sysconfig.get_path("purelib"))
    if not (site / "pip").is_dir():
        return f"uv pip install -p {shlex.quote(prefix)} -U {wanted}"
    python = shlex.quote(str(root / "bin" / "python"))
    return f"{python} -m pip install -U {wanted}"


def available_cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # macOS has none
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def kills_user_processes() -> bool | None:
    """True if systemd ends a user's processes with the last login; None where there is no answer."""
    busctl = shutil.which("busctl")
    if busctl is None:
        return None
    login = "org.freedesktop.login1"
    answer = _output(
        [busctl, "get-property", login, "/org/freedesktop/login1", f"{login}.Manager", "KillUserProcesses"]
    )
    return {"b true": True, "b false": False}.get(answer.strip())


def lingers() -> bool:
    """True if systemd keeps the user's processes after the last logout."""
    import psutil  # a program that is only started by this module need not have it

    return Path("/var/lib/systemd/linger", psutil.Process().username()).exists()


def _output(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, text=True, timeout=PROGRAM_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


BASE_FILES = 64
"""Files that an engine without workers, and that one worker, opens at most."""
WORKER_FILES = 4
"""Files that the engine opens for each worker: its line, its end, and what is open while it is started."""
AMPLE_FILES = 1024


def allow_files(workers: int) -> None:
    """Have this process and those it starts open as many files as so many workers need.

    Raises ``EngineError`` where the system allows fewer: workers would not start, and nothing would say why.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = AMPLE_FILES if hard == resource.RLIM_INFINITY else min(hard, AMPLE_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # what may be had is looked at below
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    needed = BASE_FILES + WORKER_FILES * workers
    if soft != resource.RLIM_INFINITY and soft < needed:
        raise EngineError(
            f"A program may open only {soft} files at once here, and this run needs {needed}: "
            f"raise it with ulimit -n {AMPLE_FILES}."
        )
