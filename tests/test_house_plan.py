"""The house plan: each floor imports only from floors below it, and views never see the engine's insides."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import kinetics_tui
from kinetics_tui.engine.prepare import create
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options, Selection

PACKAGE = Path(kinetics_tui.__file__).parent
FLOORS = [
    "model",
    "annotations",
    "dataset",
    "media",
    "engine",
    "upkeep",
    "report",
    "console",
    "demo",
    "tui",
    "commands",
    "cli",
]
VIEWS_NEVER_SEE = {
    "tui": ("dataset.ledger", "media", "engine.worker", "engine.pool", "engine.engine"),
    "console": ("dataset.ledger", "media", "engine.worker", "engine.pool"),
    "model": ("yt_dlp", "textual", "sqlite3", "av"),
}


def imports_of(path: Path) -> set[str]:
    """Full names of all that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


MODULES = sorted(PACKAGE.rglob("*.py"))


def floor_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_downwards(path: Path) -> None:
    floor = floor_of(path)
    if floor not in FLOORS:
        return
    above = FLOORS[FLOORS.index(floor) + 1 :]
    ours = {name.split(".")[1] for name in imports_of(path) if name.startswith("kinetics_tui.")}
    assert not ours & set(above)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_does_not_know_what_its_floor_must_not(path: Path) -> None:
    for barred in VIEWS_NEVER_SEE.get(floor_of(path), ()):
        for name in imports_of(path):
            inner = name.removeprefix("kinetics_tui.")
            assert inner != barred
            assert not inner.startswith(barred + ".")


def test_the_app_class_stays_small() -> None:
    tree = ast.parse((PACKAGE / "tui" / "app.py").read_text(encoding="utf-8"))
    app = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "KineticsApp")
    assert app.end_lineno is not None
    assert app.end_lineno - app.lineno < 300


@pytest.mark.parametrize(
    "statement",
    [
        "from kinetics_tui.cli import run_command; run_command(['status', sys.argv[1]])",
        "import kinetics_tui.engine.__main__",  # workers have a process of their own that loads them
        "import kinetics_tui.engine.prepare",  # where a dataset is there already, run asks nothing of them
    ],
    ids=["status", "engine", "prepare"],
)
def test_what_has_to_be_quick_loads_neither_textual_nor_yt_dlp_nor_av(statement: str, tmp_path: Path) -> None:
    create(tmp_path, Selection(), Options(), [Clip("-a_B0123456", 1.0, 11.0, "val", "abseiling")])
    code = f"import sys; {statement}; print(sorted({{'textual', 'yt_dlp', 'av'}} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_status_of_a_dataset_without_an_engine_loads_no_event_loop(tmp_path: Path) -> None:
    create(tmp_path, Selection(), Options(), [Clip("-a_B0123456", 1.0, 11.0, "val", "abseiling")])
    code = (
        "import sys; from kinetics_tui.cli import run_command; run_command(['status', sys.argv[1]]);"
        "print(sorted({'asyncio', 'ssl', 'subprocess'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
