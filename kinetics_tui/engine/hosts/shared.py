"""A token in the dataset folder: a machine that reads it there sees the folder that the engine sees."""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path

from kinetics_tui.base.whole_file import whole_file
from kinetics_tui.dataset.folder import hosts_path, make_state_folder

NAME = "token"
MAX_BYTES = 200


def make_token(dataset: Path) -> str:
    """The token of a dataset folder; one that is there already stays. Raises DatasetError."""
    if token := token_in(dataset):
        return token
    make_state_folder(dataset)
    hosts_path(dataset).mkdir(mode=0o700, exist_ok=True)
    token = secrets.token_hex(16)
    with whole_file(hosts_path(dataset) / NAME, mode=0o600) as making:
        making.write_text(token, encoding="ascii")
    return token


def token_in(dataset: Path) -> str:
    """The token that lies in a dataset folder, empty where there is none, or no such folder."""
    with contextlib.suppress(OSError, ValueError), (hosts_path(dataset) / NAME).open("rb") as file:
        return file.read(MAX_BYTES).decode("ascii").strip()
    return ""
