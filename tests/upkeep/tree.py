"""A dataset as it stands, to be compared with itself later."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path

from kinetics_tui.dataset.folder import ledger_path
from kinetics_tui.dataset.ledger.database import connect
from kinetics_tui.dataset.ledger.files import read_accounts
from kinetics_tui.model.options import LayoutName

PASSING = ("-wal", "-shm", "engine.lock")
"""What SQLite and the lock leave beside the ledger; nothing is kept in them."""


def tree(dataset: Path, *, contents_of_ledger: bool = True) -> dict[str, str]:
    """Every file with a digest of its contents, every other thing with its kind."""
    found = {}
    for path in dataset.rglob("*"):
        about = path.lstat()
        if stat.S_ISREG(about.st_mode):
            if path.name.endswith(PASSING):
                continue
            known = path == ledger_path(dataset) and not contents_of_ledger
            found[os.fspath(path)] = "" if known else hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found[os.fspath(path)] = stat.filemode(about.st_mode)[0]
    return found


def statuses(dataset: Path, layout: LayoutName = LayoutName.ACTIVITYNET) -> dict[str, tuple[str, int]]:
    """The status and the recorded size of every clip, by name."""
    with contextlib.closing(connect(dataset, read_only=True)) as database:
        return {
            account.clip.name: (account.status.value, account.output_bytes)
            for account in read_accounts(database, layout)
        }
