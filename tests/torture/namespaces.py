"""Parts of the system that a test may break: mounts and networks that are its own and end with it."""

from __future__ import annotations

import functools
import shutil
import subprocess

import pytest


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
