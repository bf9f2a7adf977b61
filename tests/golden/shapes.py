"""What is held of an output: its shape, its text with what varies replaced, and the files that hold it."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WRITE = os.environ.get("KINETICS_GOLDEN") == "write"

_KINDS = {bool: "bool", int: "int", float: "float", str: "str", type(None): "null"}


def hold(name: str, value: object) -> None:
    """Compare with the golden file of this name, or write it anew where that is asked for."""
    if isinstance(value, str):
        text = value if value.endswith("\n") else f"{value}\n"
    else:
        text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    path = HERE / "held" / name
    if WRITE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    held = path.read_text(encoding="utf-8") if path.exists() else ""
    if text != held:
        changes = difflib.unified_diff(held.splitlines(), text.splitlines(), "held", "now", lineterm="", n=8)
        raise AssertionError(
            "\n".join([f"{name} is not as held (KINETICS_GOLDEN=write renews it):", *changes])
        )


def shape(values: Iterable[Any], like_lists: Iterable[str] = ()) -> Any:
    """What all of some values are like: kinds of plain values; keys of objects, each with its own shape.

    ``like_lists`` are the keys of objects whose own keys are data: what they hold is taken together.
    """
    seen = list(values)
    kinds = sorted({_KINDS[type(value)] for value in seen if type(value) in _KINDS})
    objects = [value for value in seen if isinstance(value, dict)]
    lists = [value for value in seen if isinstance(value, list)]
    parts: list[Any] = [" or ".join(kinds)] if kinds else []
    if objects:
        keys = sorted({key for value in objects for key in value})
        parts.append({key: _of_key(key, objects, set(like_lists)) for key in keys})
    if lists:
        parts.append([shape((item for value in lists for item in value), like_lists)])
    return parts[0] if len(parts) == 1 else parts


def _of_key(key: str, objects: list[dict[str, Any]], like_lists: set[str]) -> Any:
    found = [value[key] for value in objects if key in value]
    if key in like_lists and all(isinstance(value, dict) for value in found):
        return {"<any>": shape((item for value in found for item in value.values()), like_lists)}
    inner = shape(found, like_lists)
    return inner if len(found) == len(objects) else {"sometimes": inner}


VARYING = {
    "at",
    "bytes_per_s",
    "clips_per_minute",
    "done_by_minute",
    "recent_by_network",
    "dataset",
    "ended_at",
    "began_at",
    "free_bytes",
    "fraction",
    "in_hand_s",
    "last_throttle_at",
    "output_bytes",
    "done_wire_bytes",
    "pid",
    "requests_per_clip",
    "retry_at",
    "since",
    "source",
    "started_at",
    "stored_bytes",
    "taken_bytes",
    "took_s",
    "total_bytes",
    "total_s",
    "until",
    "wire_bytes",
}
"""Keys whose numbers and paths are other ones every time."""


def steady(value: Any, also: Iterable[str] = ()) -> Any:
    """A value of JSON with a placeholder for whatever varies; nothing stays nothing."""
    varying = VARYING | set(also)
    if isinstance(value, list):
        return [steady(item, also) for item in value]
    if not isinstance(value, dict):
        return timeless(value) if isinstance(value, str) else value
    return {
        key: "<varies>" if key in varying and item is not None else steady(item, also)
        for key, item in value.items()
    }


_TIMES = re.compile(
    r"\b(?:\d{4}-\d\d-\d\d )?(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?\d\d:\d\d(?::\d\d)?\b"
    r"|\b\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b(?: \d\d:\d\d)?"
)


def timeless(text: str) -> str:
    """Text without times of day and days."""
    return _TIMES.sub("<time>", text)


def placeless(text: str, places: Mapping[str, str]) -> str:
    """Text with a name for each of some paths, the longest first."""
    for path in sorted(places, key=len, reverse=True):
        text = text.replace(path, places[path])
    return text


def lean(text: str) -> list[str]:
    """Lines with one blank where columns are padded."""
    return [re.sub(r"\s+", " ", line).strip() for line in text.splitlines()]


def numberless(lines: Iterable[str]) -> list[str]:
    """Lines without numbers, units of time and bars; lines that are the same then, once."""
    out: list[str] = []
    for line in lines:
        text = re.sub(r"[▀-▟·]+", "", timeless(line))
        text = re.sub(r"\d[\d,.]*", "#", text)
        text = re.sub(r"(?:# (?:d|h|min|s|ms)\b ?)+", "# s ", text)
        text = re.sub(r"# (?:B|kB|MB|GB|TB)\b", "# B", text)
        text = re.sub(r"\s+", " ", text).strip()
        if not out or out[-1] != text:
            out.append(text)
    return out
