"""``kinetics-tui`` as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from kinetics_tui.engine.client.ask import is_running, read_state
from kinetics_tui.model.state import RunState


class Program:
    """``kinetics-tui`` as a user runs it: a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.dataset = folder / "set"

    def __call__(self, *args: str, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "kinetics_tui", *args],
            capture_output=True,
            text=True,
            timeout=timeout_s,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
        )

    def start(self, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "kinetics_tui", *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
        )

    def is_running(self) -> bool:
        return is_running(self.dataset)

    def state(self) -> RunState:
        """The run as it stands, asked for without a process of its own: for waiting."""
        return read_state(self.dataset)

    def status(self) -> dict[str, Any]:
        done = self("status", str(self.dataset), "--json")
        assert done.returncode == 0, done.stderr
        status: dict[str, Any] = json.loads(done.stdout)
        return status
