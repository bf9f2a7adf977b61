"""Text handed to the clipboard of whoever sits in front of the terminal, however far away that is."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
from collections.abc import Callable
from subprocess import DEVNULL, PIPE

TMUX = ("tmux", "load-buffer", "-w", "-")
"""Keeps its input as tmux's newest buffer, and hands it on to the terminal outside (tmux 3.2)."""
TMUX_S = 3.0
"""tmux answers within milliseconds, or something is wrong with it."""


async def copy(text: str, write: Callable[[str], None]) -> None:
    """Copy ``text`` by way of the terminal that ``write`` writes to (OSC 52).

    Without a word from the user, tmux ignores what a program copies by OSC 52: it is asked itself first.
    """
    # The names of folders can hold bytes that are no text.
    content = text.encode(errors="surrogateescape")
    if "TMUX" not in os.environ or not await _tmux_takes(content):
        write(f"\x1b]52;c;{base64.b64encode(content).decode()}\x07")


async def _tmux_takes(content: bytes) -> bool:
    """True if the tmux that the program runs in has kept it."""
    try:
        process = await asyncio.create_subprocess_exec(*TMUX, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL)
    except OSError:
        return False
    try:
        async with asyncio.timeout(TMUX_S):
            await process.communicate(content)
    except TimeoutError:
        return False
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return process.returncode == 0
