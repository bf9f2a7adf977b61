"""The house plan as it stands in the code: which module imports which, and what of that is wrong.

A floor is a folder of the package, or a module that lies beside them. ``FLOORS`` has their order; everything
else is read from the folders. ``python -m tests.house`` prints the map of the folders, for the README and the
topic about the architecture.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

PACKAGE = "kinetics_tui"
FLOORS = (
    "__init__",
    "base",
    "model",
    "annotations",
    "dataset",
    "media",
    "engine",
    "upkeep",
    "report",
    "demo",
    "tui",
    "settings",
    "cli",
    "__main__",
)
"""From the ground up: a floor imports from itself and from floors before it."""

NEVER = {
    "tui": ("dataset.ledger", "media", "engine.workers", "engine.run", "engine.networks", "engine.engine"),
    "base": ("yt_dlp", "textual", "sqlite3", "av"),
    "model": ("yt_dlp", "textual", "sqlite3", "av"),
}
"""What a floor must not know though it lies below: views are built from events and the run's state alone."""

MOST_ENTRIES = 12
"""Modules and folders in one folder, beside its ``__init__``; the root has its two modules more."""

Imports = Mapping[str, set[str]]
"""For each module, named from within the package, the full dotted names that it imports, wherever in it."""


def floors_of(root: Path) -> set[str]:
    """The floors that there are: folders with code in them, and modules beside them."""
    folders = {path.parent.name for path in root.glob("*/*.py")}
    return folders | {path.stem for path in root.glob("*.py")}


def read_imports(root: Path) -> dict[str, set[str]]:
    """Every module below ``root`` with what it imports. Relative imports are named as what they mean."""
    imports: dict[str, set[str]] = {}
    for path in sorted(root.rglob("*.py")):
        inner = path.relative_to(root).with_suffix("").parts
        module = ".".join(inner[:-1] if inner[-1] == "__init__" and len(inner) > 1 else inner)
        package = [PACKAGE, *inner[:-1]]
        imports[module] = set(_imported(path, package))
    return imports


def _imported(path: Path, package: list[str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{stem}.{alias.name}" for alias in node.names)


def faults(imports: Imports) -> list[str]:
    """What breaks the house plan, a line each; empty where all is well."""
    graph = module_graph(imports)
    return [*_upwards(imports), *_never(imports), *_circles_of_files(graph), *_circles_of_folders(graph)]


def module_graph(imports: Imports) -> dict[str, set[str]]:
    """For each module the modules of ours that it imports."""
    graph: dict[str, set[str]] = {module: set() for module in imports}
    for module, names in imports.items():
        for name in names:
            inner = name.removeprefix(f"{PACKAGE}.") if name.startswith(f"{PACKAGE}.") else ""
            while inner and inner not in imports:
                inner = inner.rpartition(".")[0]
            if inner and inner != module:
                graph[module].add(inner)
    return graph


def _floor(module: str) -> str:
    return module.partition(".")[0]


def _upwards(imports: Imports) -> Iterator[str]:
    for module, names in imports.items():
        for name in sorted(names):
            if name.startswith(f"{PACKAGE}."):
                target = name.split(".")[1]
                if target in FLOORS and FLOORS.index(target) > FLOORS.index(_floor(module)):
                    yield f"{module} imports upwards from {target}"


def _never(imports: Imports) -> Iterator[str]:
    for module, names in imports.items():
        for barred in NEVER.get(_floor(module), ()):
            if any(f"{name.removeprefix(f'{PACKAGE}.')}.".startswith(f"{barred}.") for name in names):
                yield f"{module} must not know {barred}"


def _circles_of_files(graph: Mapping[str, set[str]]) -> Iterator[str]:
    for circle in _circles(graph):
        yield "a circle of files: " + " <-> ".join(circle)


def _circles_of_folders(graph: Mapping[str, set[str]]) -> Iterator[str]:
    """The parts of each folder, files and folders alike, must not stand in a circle among themselves."""
    folders = {""} | {module[:at] for module in graph for at, sign in enumerate(module) if sign == "."}
    for folder in sorted(folders):
        parts: dict[str, set[str]] = defaultdict(set)
        for module, targets in graph.items():
            for target in targets:
                here, there = _part(module, folder), _part(target, folder)
                if here and there and here != there:
                    parts[here].add(there)
        for circle in _circles(parts):
            yield f"a circle inside {folder or 'the package'}: " + " <-> ".join(circle)


def _part(module: str, folder: str) -> str:
    """The file or folder directly in ``folder`` that a module belongs to; empty where it does not."""
    if not folder:
        return _floor(module)
    return module.removeprefix(f"{folder}.").partition(".")[0] if module.startswith(f"{folder}.") else ""


def _circles(graph: Mapping[str, set[str]]) -> list[tuple[str, ...]]:
    reached = {start: _reach(graph, start) for start in graph}
    circles = {
        tuple(sorted(other for other in found if start in reached.get(other, ())))
        for start, found in reached.items()
        if start in found
    }
    return sorted(circles)


def _reach(graph: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    ahead = list(graph.get(start, ()))
    while ahead:
        module = ahead.pop()
        if module not in found:
            found.add(module)
            ahead += graph.get(module, ())
    return found


def folder_map(root: Path, *, deep: bool) -> str:
    """The folders with the first lines of their ``__init__``, the top floor first, as a list in Markdown.

    ``deep``: the folders inside them too.
    """
    lines = []
    for floor in reversed(FLOORS):
        if (root / floor).is_dir():
            lines.append(f"- `{floor}/` {_first_line(root / floor)}")
            for inner in sorted((root / floor).glob("*/__init__.py")) if deep else ():
                lines.append(f"  - `{inner.parent.name}/` {_first_line(inner.parent)}")
    return "\n".join(lines)


def _first_line(folder: Path) -> str:
    said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    return said.partition("\n")[0]


if __name__ == "__main__":
    sys.stdout.write(
        folder_map(Path(__file__).parent.parent / PACKAGE, deep="--short" not in sys.argv) + "\n"
    )
