"""Screens that close once, however fast their keys come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette
from textual.screen import Screen

if TYPE_CHECKING:
    _Screen = Screen[Any]
else:
    # Textual looks for the style sheets of a screen along its first base that is a widget: not this one.
    _Screen = object


class DismissedOnce(_Screen):
    """Stands before the class of a screen, which then closes only while it is the one on top.

    Keys that came in one go are all handed to the screen that was on top at the time. Without this
    the second one would close whatever lies beneath.
    """

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close with ``result``; does nothing on a screen that is closed, or below another."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


class Palette(DismissedOnce, CommandPalette):
    """Textual's command palette, closing once."""
