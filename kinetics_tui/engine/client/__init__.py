"""The engine from outside: look at it, ask it, start it, or do without one."""
