"""Where things are inside a dataset folder, beside the clips; and what killed processes have left there."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import pwd
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from kinetics_tui.base.errors import DatasetError
from kinetics_tui.base.safe_text import shell_word
from kinetics_tui.base.whole_file import whole_file

STATE_FOLDER = ".kinetics-tui"
EXPORT_FOLDER = ".kinetics-tui-export"
"""In the folder of an export, what exports keep about it; what lies beside it is no dataset's own file."""
_TOKEN_BYTES = 200
STATS_FILE = "stats.csv"
FAILED_FILE = "failed.csv"
MANIFEST_FILE = "manifest.csv"
"""The name that people may give a manifest that they put into the dataset folder itself."""


def state_folder(dataset: Path) -> Path:
    """The folder with everything that the program keeps about the dataset."""
    return dataset / STATE_FOLDER


def ledger_path(dataset: Path) -> Path:
    return state_folder(dataset) / "ledger.sqlite3"


def scratch_path(dataset: Path) -> Path:
    """The folder of clips in the making; on the dataset's file system, so that a rename finishes one."""
    return state_folder(dataset) / "scratch"


def archives_path(dataset: Path) -> Path:
    """The folder of archives on their way, and of those that are kept."""
    return state_folder(dataset) / "archives"


def hosts_path(dataset: Path) -> Path:
    """The folder of what other machines need to take part in the run, and of what they put there."""
    return state_folder(dataset) / "hosts"


def make_hosts_folder(dataset: Path) -> Path:
    """Make that folder, open to the user alone. Raises DatasetError, and OSError where it cannot be used."""
    make_state_folder(dataset)
    folder = hosts_path(dataset)
    folder.mkdir(mode=0o700, exist_ok=True)
    with suppress(PermissionError):  # exFAT and the like know no permissions
        folder.chmod(0o700)
    return folder


def make_token(dataset: Path) -> str:
    """The token of a dataset folder: a machine that reads it there sees this folder. One that is there stays.

    Raises DatasetError.
    """
    if not token_in(dataset):
        try:
            make_hosts_folder(dataset)
            with whole_file(_token_path(dataset), mode=0o600) as making:
                making.write_text(secrets.token_hex(16), encoding="ascii")
        except OSError as error:
            raise DatasetError(cannot_use(dataset, error)) from error
    return token_in(dataset)


def token_in(dataset: Path) -> str:
    """The token that lies in a dataset folder, empty where there is none, or no such folder."""
    with suppress(OSError, ValueError), _token_path(dataset).open("rb") as file:
        return file.read(_TOKEN_BYTES).decode("ascii").strip()
    return ""


def _token_path(dataset: Path) -> Path:
    return hosts_path(dataset) / "token"


def remote_exports_path(dataset: Path) -> Path:
    """The folder of files on their way to addresses elsewhere, a folder for each."""
    return state_folder(dataset) / "exports"


def demo_path(dataset: Path) -> Path:
    """The folder of what a made-up dataset is made from; no other has one."""
    return state_folder(dataset) / "demo"


def has_demo(dataset: Path) -> bool:
    """True if a dataset may be a made-up one; one that this user may not look into is none."""
    try:
        return demo_path(dataset).is_dir()
    except OSError:
        return False


def log_path(dataset: Path) -> Path:
    return state_folder(dataset) / "engine.log"


def lock_path(dataset: Path) -> Path:
    """The file that a running engine holds locked."""
    return state_folder(dataset) / "engine.lock"


def has_ledger(dataset: Path) -> bool:
    """True if the folder is a dataset already. Raises DatasetError where that cannot be looked at."""
    try:
        ledger_path(dataset).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise DatasetError(cannot_use(dataset, error)) from error
    return True


def nothing_begun(dataset: Path) -> str:
    """One sentence on a folder that is missing or in which nothing was started yet, and what starts one."""
    fault = f"{dataset} holds no ledger" if dataset.exists() else f"There is no folder {dataset}"
    return f"{fault}; `kinetics-tui run {shell_word(str(dataset))}` starts one."


def user_name(uid: int) -> str:
    """A user as people call him, by his number where he has no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def as_user(uid: int, command: str, dataset: Path) -> str:
    """The shell line that does ``command`` with a dataset as another user."""
    return f"sudo -u {shell_word(user_name(uid))} kinetics-tui {command} {shell_word(str(dataset))}"


def cannot_use(dataset: Path, error: OSError) -> str:
    """One sentence on why the files that the program keeps about a dataset cannot be used, and what to do."""
    if isinstance(error, PermissionError):
        for place in (state_folder(dataset), dataset, *dataset.absolute().parents):
            with suppress(OSError):
                if (uid := place.lstat().st_uid) != os.getuid():
                    return (
                        f"{dataset} belongs to the user {user_name(uid)}, who alone may use it: work as that "
                        f"user ({as_user(uid, 'status', dataset)}), or choose another folder."
                    )
                break
    return f"{state_folder(dataset)} cannot be used ({error.strerror}); check the folder's permissions."


def lock(file: int, place: Path) -> bool:
    """Lock an open file for its holder alone; False where another holds it, whoever it is.

    Raises DatasetError where the file system of ``place`` keeps no locks.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        raise DatasetError(no_locks(place, error)) from error
    return True


def no_locks(place: Path, error: OSError) -> str:
    """One sentence on a file system that keeps no locks, and how to go on safely."""
    return (
        f"The file system of {place} keeps no locks ({error.strerror}), so nothing would hold two programs "
        "from writing there at once: use a local disk, or have it mounted with locks (NFS: start its lock "
        "service, or mount with local_lock=all if no other machine writes there), then do the same again."
    )


def missing_locks(folder: Path) -> str:
    """One sentence where the file system of a state folder keeps no locks for a ledger; else empty."""
    try:
        # Not the ledger itself: to close it would end SQLite's locks.
        with (folder / "engine.json").open("rb") as file:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
            return no_locks(folder.parent, error)
    return ""


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


STALE_S = 3600.0
"""Who does not hold the writer's lock takes what nobody touched for so long for nobody's."""

LEDGERS = ("ledger*.new*",)
RECORDS = (f"{STATS_FILE}.*.new", f"{FAILED_FILE}.*.new")
EVERYTHING = (*LEDGERS, *RECORDS, "engine*.new")
"""Patterns of files that are given their names when they are whole."""


def half_made(dataset: Path, patterns: tuple[str, ...], untouched_s: float = 0.0) -> Iterator[Path]:
    """Files in the making that nobody touched for so long."""
    before = time.time() - untouched_s
    for path in sorted(path for pattern in patterns for path in state_folder(dataset).glob(pattern)):
        with suppress(OSError):  # it has its name by now
            if path.lstat().st_mtime <= before:
                yield path


def leftovers(dataset: Path, untouched_s: float = 0.0) -> Iterator[Path]:
    """Files of clips that nobody makes any more, and whatever else is half made."""
    for folder, _, names in os.walk(scratch_path(dataset)):
        yield from (Path(folder) / name for name in names)
    yield from half_made(dataset, EVERYTHING, untouched_s)


def remove(paths: Iterator[Path]) -> None:
    """Remove files; one that cannot be removed is a nuisance, and no reason not to work."""
    for path in list(paths):
        with suppress(OSError):
            path.unlink()


def sweep(dataset: Path, untouched_s: float = 0.0) -> None:
    """Remove what ``leftovers`` names. For the holder of the writer's lock alone."""
    shutil.rmtree(scratch_path(dataset), ignore_errors=True)
    remove(half_made(dataset, EVERYTHING, untouched_s))


def as_path(text: str) -> Path:
    """The path in a field, ``~`` spelt out; one of nobody's home stays as it is."""
    path = Path(text.strip())
    try:
        return path.expanduser()
    except RuntimeError:
        return path
