"""The terminal app: one way to look at a run and to steer it."""
