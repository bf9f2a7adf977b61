"""Between a host and the engine: who may come in, the line, and all that is said on it."""
