"""The report as lines of a terminal, for its screen and for the command that prints it."""
