"""Figures that the README quotes, made anew by ``python -m tests.bench [NAME...] [--json]``."""
