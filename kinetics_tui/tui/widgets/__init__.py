"""Widgets paint a piece of the run state; they fetch nothing."""
