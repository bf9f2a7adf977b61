"""The set-up screen: choose, see what it costs, start."""
