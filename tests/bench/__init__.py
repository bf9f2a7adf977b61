"""Figures that the topic about speed quotes, made by ``python -m tests.bench [NAME...] [--json]``."""
