"""The clips screen: what came of the run, with pictures."""
