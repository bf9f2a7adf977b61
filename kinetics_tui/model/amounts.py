"""Sizes and shares in words, the same on every screen and page."""

from __future__ import annotations


def bytes_text(size_bytes: float) -> str:
    """A size in decimal units with two or three digits: ``1.1 MB``, ``138 GB``."""
    size = max(0.0, size_bytes)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 999.5 or unit == "TB":
            break
        size /= 1000
    return f"{size:.1f} {unit}" if size < 9.95 and unit != "B" else f"{size:,.0f} {unit}"


def share_text(part: int, whole: int) -> str:
    """``2.3 %``, for shares that are small as a rule."""
    return f"{100 * part / whole if whole > 0 else 0:.1f} %"
