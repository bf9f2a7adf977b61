"""The engine as a process: its lock, its socket, its log."""
