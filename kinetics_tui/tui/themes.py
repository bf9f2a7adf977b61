"""The app's own colours, and which theme suits a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from textual.theme import BUILTIN_THEMES, Theme

KINETICS_DARK = Theme(
    name="kinetics-dark",
    # Colours of the 256-colour palette: they cost half the bytes of free ones on the line.
    primary="#5fafff",
    secondary="#5fd7af",
    accent="#ffd75f",
    foreground="#d0d0d0",
    background="#121212",
    surface="#1c1c1c",
    panel="#262626",
    success="#87d787",
    warning="#ffaf5f",
    error="#ff8787",
    dark=True,
    variables={
        "rule": "#585858",
        "dim": "#949494",
        "strong": "#ffffff",
        "splits": "#5fafff",
        "workers": "#5fd7af",
        "failures": "#ff8787",
        "throttle": "#ffd75f",
        "log": "#afafd7",
        "splits-rule": "#5f87d7",
        "workers-rule": "#5faf87",
        "failures-rule": "#d75f5f",
        "throttle-rule": "#d7af5f",
        "log-rule": "#8787af",
        "on-badge": "#121212",
        "badge": "#949494",
    },
)
"""Dark, with a colour for each panel."""

_ANSI = BUILTIN_THEMES["ansi-dark"]
KINETICS_ANSI = Theme(
    name="kinetics-ansi",
    primary=_ANSI.primary,
    secondary=_ANSI.secondary,
    warning=_ANSI.warning,
    error=_ANSI.error,
    success=_ANSI.success,
    accent=_ANSI.accent,
    foreground=_ANSI.foreground,
    background=_ANSI.background,
    surface=_ANSI.surface,
    panel=_ANSI.panel,
    boost=_ANSI.boost,
    ansi=True,
    variables={
        **_ANSI.variables,
        "rule": "ansi_default",
        "dim": "ansi_default",
        "strong": "ansi_default",
        "splits": "ansi_blue",
        "workers": "ansi_cyan",
        "failures": "ansi_red",
        "throttle": "ansi_yellow",
        "log": "ansi_magenta",
        "splits-rule": "ansi_blue",
        "workers-rule": "ansi_cyan",
        "failures-rule": "ansi_red",
        "throttle-rule": "ansi_yellow",
        "log-rule": "ansi_magenta",
        "on-badge": "ansi_black",
        "badge": "ansi_white",
    },
)
"""The terminal's own sixteen colours, and its own ground: dark or light as the user has it."""


def theme_name(environ: Mapping[str, str]) -> str:
    """The theme for a terminal: its own colours where it has sixteen, or is to show none."""
    if "NO_COLOR" in environ or colour_depth(environ) == "standard":
        return KINETICS_ANSI.name
    return KINETICS_DARK.name


def colour_depth(environ: Mapping[str, str]) -> str:
    """``standard`` (16 colours), ``256`` or ``truecolor``, by what the environment says."""
    without = {name: value for name, value in environ.items() if name != "NO_COLOR"}
    console = Console(force_terminal=True, legacy_windows=False, _environ=without)
    return console.color_system or "standard"
