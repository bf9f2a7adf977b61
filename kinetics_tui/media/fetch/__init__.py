"""The bytes of a source that cover a clip, and no more."""
