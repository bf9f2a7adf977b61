"""Kinetics TUI: gets the Kinetics human-action datasets onto a disk, live in the terminal."""

PROGRAM = "kinetics-tui"
__version__ = "0.5.1"
