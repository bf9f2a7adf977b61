"""The parts of a run: hand clips out, settle them, obey commands, watch the disk."""
