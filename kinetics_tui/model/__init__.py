"""Plain data of a run: clips, failures, options, networks, events, commands and the state they make."""
