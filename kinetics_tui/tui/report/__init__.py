"""The report screen, and the report in lines as the command prints it."""
