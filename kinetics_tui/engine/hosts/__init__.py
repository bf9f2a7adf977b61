"""Other machines that lend their workers to a run: who takes part, with which clips, and what comes back."""
