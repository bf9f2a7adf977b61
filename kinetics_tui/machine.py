"""What this machine is: cores, programs, what its system does at logout. Sends nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

PROGRAM_S = 5.0
"""How long another program may take to answer."""


def find_deno(environ: Mapping[str, str]) -> tuple[str | None, str]:
    """Path and version of the deno that yt-dlp would take: the environment's own before PATH's."""
    scripts = sysconfig.get_path("scripts")
    path = shutil.which("deno", path=os.pathsep.join((scripts, environ.get("PATH", ""))))
    if path is None:
        return None, ""
    words = _output([path, "--version"]).split()
    return path, words[1] if len(words) > 1 else ""


def available_cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # macOS has none
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def kills_user_processes() -> bool | None:
    """Whether systemd ends a user's processes with the last login; None where there is no answer."""
    busctl = shutil.which("busctl")
    if busctl is None:
        return None
    login = "org.freedesktop.login1"
    answer = _output(
        [busctl, "get-property", login, "/org/freedesktop/login1", f"{login}.Manager", "KillUserProcesses"]
    )
    return {"b true": True, "b false": False}.get(answer.strip())


def lingers() -> bool:
    """Whether systemd keeps the user's processes after the last logout."""
    return Path("/var/lib/systemd/linger", psutil.Process().username()).exists()


def _output(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, text=True, timeout=PROGRAM_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
