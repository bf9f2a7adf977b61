"""One file a group of commands: flags, doing, words, exit code."""
