"""The terminal app: one way to look at a run and to steer it."""

import os

# Milliseconds until a lone escape counts as the key, and not as the start of another key's sequence: Textual
# reads it once as it is imported, and waits four times as long where nothing is said.
os.environ.setdefault("ESCDELAY", "25")
