"""The house plan: each floor imports only from floors below it, and views never see the engine's insides."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import kinetics_tui
from kinetics_tui.engine.client.prepare import create
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Options, Selection
from tests.house import FLOORS, MOST_ENTRIES, faults, floors_of, read_imports

PACKAGE = Path(kinetics_tui.__file__).parent
FOLDERS = sorted({path.parent for path in PACKAGE.rglob("*.py")})


def test_the_floors_are_the_folders_of_the_package() -> None:
    assert sorted(floors_of(PACKAGE)) == sorted(FLOORS)


def test_every_import_leads_downwards_and_nothing_stands_in_a_circle() -> None:
    assert faults(read_imports(PACKAGE)) == []


PLANTED = {
    "__init__": "kinetics_tui.base.words",
    "base": "kinetics_tui.model.clip",
    "model": "kinetics_tui.annotations.releases",
    "annotations": "kinetics_tui.dataset.folder",
    "dataset": "kinetics_tui.media.guard",
    "media": "kinetics_tui.engine.status",
    "engine": "kinetics_tui.upkeep.walk",
    "upkeep": "kinetics_tui.report.figures",
    "report": "kinetics_tui.demo.site",
    "demo": "kinetics_tui.tui.terminal.terminal",
    "tui": "kinetics_tui.settings.values",
    "settings": "kinetics_tui.cli.progress",
    "cli": "kinetics_tui.__main__",
}


def test_a_wrong_import_is_named_on_whichever_floor_it_is(tmp_path: Path) -> None:
    assert set(PLANTED) == set(FLOORS[:-1])
    copy = tmp_path / "kinetics_tui"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for floor, module in PLANTED.items():
        planted = copy / f"{floor}.py" if floor == "__init__" else copy / floor / "planted.py"
        with planted.open("a", encoding="utf-8") as file:
            file.write(f"def planted() -> None:\n    import {module}\n")
    named = faults(read_imports(copy))
    for floor, module in PLANTED.items():
        planted_module = floor if floor == "__init__" else f"{floor}.planted"
        assert f"{planted_module} imports upwards from {module.split('.')[1]}" in named


@pytest.mark.parametrize(
    ("first", "second", "named"),
    [
        ("engine/status.py", "engine/context.py", "a circle of files: engine.context <-> engine.status"),
        ("media/fetch/plan.py", "media/youtube/session.py", "a circle inside media: fetch <-> youtube"),
    ],
    ids=["files", "folders"],
)
def test_a_circle_is_named(first: str, second: str, named: str, tmp_path: Path) -> None:
    copy = tmp_path / "kinetics_tui"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for path, other in ((first, second), (second, first)):
        with (copy / path).open("a", encoding="utf-8") as file:
            file.write(f"\nimport kinetics_tui.{other.removesuffix('.py').replace('/', '.')}\n")
    assert named in faults(read_imports(copy))


def test_a_view_that_looks_into_the_engine_is_named() -> None:
    imports = read_imports(PACKAGE)
    imports["tui.app"].add("kinetics_tui.engine.workers.pool.Pool")
    assert faults(imports) == ["tui.app must not know engine.workers"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(PACKAGE.parent)))
def test_a_folder_says_in_one_line_what_it_is_for_and_holds_few_things(folder: Path) -> None:
    said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
    assert said
    assert len(said.splitlines()[0]) <= 110
    modules = [path for path in folder.glob("*.py") if path.stem not in ("__init__", "__main__")]
    folders = [path for path in folder.iterdir() if (path / "__init__.py").exists()]
    assert len(modules) + len(folders) <= MOST_ENTRIES
    assert len(folder.relative_to(PACKAGE).parts) <= 2


def test_the_app_class_stays_small() -> None:
    tree = ast.parse((PACKAGE / "tui" / "app.py").read_text(encoding="utf-8"))
    app = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "KineticsApp")
    assert app.end_lineno is not None
    assert app.end_lineno - app.lineno < 300


def last_line_of(code: str, dataset: Path) -> str:
    """What a program of its own prints last."""
    command = [sys.executable, "-c", code, str(dataset)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "statement",
    [
        "from kinetics_tui.cli import run_command; run_command(['status', sys.argv[1]])",
        "import kinetics_tui.engine.__main__",  # workers have a process of their own that loads them
        "import kinetics_tui.engine.client.prepare",  # where a dataset is there, run asks nothing of them
    ],
    ids=["status", "engine", "prepare"],
)
def test_what_has_to_be_quick_loads_neither_textual_nor_yt_dlp_nor_av(statement: str, tmp_path: Path) -> None:
    create(tmp_path, Selection(), Options(), [Clip("-a_B0123456", 1.0, 11.0, "val", "abseiling")])
    code = f"import sys; {statement}; print(sorted({{'textual', 'yt_dlp', 'av'}} & set(sys.modules)))"
    assert last_line_of(code, tmp_path) == "[]"


def test_status_of_a_dataset_without_an_engine_loads_no_event_loop(tmp_path: Path) -> None:
    create(tmp_path, Selection(), Options(), [Clip("-a_B0123456", 1.0, 11.0, "val", "abseiling")])
    code = (
        "import sys; from kinetics_tui.cli import run_command; run_command(['status', sys.argv[1]]);"
        "print(sorted({'asyncio', 'ssl', 'subprocess'} & set(sys.modules)))"
    )
    assert last_line_of(code, tmp_path) == "[]"
