"""Where things are inside a dataset folder, beside the clips themselves."""

from __future__ import annotations

import contextlib
from pathlib import Path

from kinetics_tui.model.errors import DatasetError

STATE_FOLDER = ".kinetics-tui"
EXPORT_FOLDER = ".kinetics-tui-export"
"""In the folder of an export, what exports keep about it; what lies beside it is no dataset's own file."""
STATS_FILE = "stats.csv"
FAILED_FILE = "failed.csv"
MANIFEST_FILE = "manifest.csv"
"""What people may call a manifest that they put into the dataset folder itself."""


def state_folder(dataset: Path) -> Path:
    """The folder with everything that the program keeps about the dataset."""
    return dataset / STATE_FOLDER


def ledger_path(dataset: Path) -> Path:
    return state_folder(dataset) / "ledger.sqlite3"


def scratch_path(dataset: Path) -> Path:
    """The folder of clips in the making; on the dataset's file system, so that a rename finishes one."""
    return state_folder(dataset) / "scratch"


def log_path(dataset: Path) -> Path:
    return state_folder(dataset) / "engine.log"


def lock_path(dataset: Path) -> Path:
    """The file that a running engine holds locked."""
    return state_folder(dataset) / "engine.lock"


def identity(path: Path) -> tuple[int, int] | None:
    """Which file that is, whatever it is called; None where there is none."""
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_dev, about.st_ino


def make_state_folder(dataset: Path) -> Path:
    """Make the state folder, and the dataset folder above it, open to the user alone.

    Raises DatasetError where that cannot be done.
    """
    folder = state_folder(dataset)
    try:
        dataset.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileExistsError as error:
        raise DatasetError(f"{error.filename} is not a folder; choose another dataset folder.") from error
    except OSError as error:
        raise DatasetError(
            f"The dataset folder {dataset} cannot be written ({error.strerror}); "
            "choose another folder or change its permissions."
        ) from error
    if folder.is_symlink():
        raise DatasetError(f"{folder} is a link; put the folder itself there, or choose another dataset.")
    # exFAT and the like know no permissions and may refuse to set them.
    with contextlib.suppress(PermissionError):
        folder.chmod(0o700)
    return folder
