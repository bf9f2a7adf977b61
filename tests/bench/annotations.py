"""Annotation files as large as Kinetics-700's, in the shapes in which DeepMind published them."""

from __future__ import annotations

import csv
from pathlib import Path

import msgspec

from kinetics_tui.model.clip import VAL
from tests.bench.rows import made_clips

JSON_ENTRY_BYTES = 304
"""Kinetics-700's JSON has 197.5 MB for 650,000 entries."""


def write_csv(path: Path, rows: int, seed: int) -> Path:
    """``label,youtube_id,time_start,time_end,split``; returns ``path``."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("label", "youtube_id", "time_start", "time_end", "split"))
        writer.writerows(
            (clip.label, clip.youtube_id, f"{clip.time_start:g}", f"{clip.time_end:g}", _word(clip.split))
            for clip in made_clips(rows, seed)
        )
    return path


def write_json(path: Path, rows: int, seed: int) -> Path:
    """One object keyed by video id, as wide as the published one; returns ``path``."""
    with path.open("wb") as file:
        file.write(b"{")
        for number, clip in enumerate(made_clips(rows, seed)):
            entry = msgspec.json.encode(
                {
                    "annotations": {"label": clip.label, "segment": [clip.time_start, clip.time_end]},
                    "duration": clip.duration_s,
                    "subset": _word(clip.split),
                    "url": f"https://www.youtube.com/watch?v={clip.youtube_id}",
                }
            )
            line = b'%s\n    "%s": %s' % (b"," * bool(number), clip.youtube_id.encode(), _spread(entry))
            file.write(line)
        file.write(b"\n}\n")
    return path


def _spread(entry: bytes) -> bytes:
    """The entry over several lines; as wide as an entry of the published file is on average."""
    text = msgspec.json.format(entry, indent=4).replace(b"\n", b"\n    ")
    return text[:-1] + b" " * max(0, JSON_ENTRY_BYTES - 24 - len(text)) + text[-1:]


def _word(split: str) -> str:
    return "validate" if split == VAL else split
