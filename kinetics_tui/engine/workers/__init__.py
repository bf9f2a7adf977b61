"""Processes with one clip in hand, and the pool that starts, watches and replaces them."""
