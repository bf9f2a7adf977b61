"""Figures of what became of a dataset: as lines, page and JSON."""
