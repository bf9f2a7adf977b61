"""Other machines that lend their workers to a run: who may come in, and the line to them."""
