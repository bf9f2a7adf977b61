"""The network screen: every way out, what is remembered of it, and how to use it."""
