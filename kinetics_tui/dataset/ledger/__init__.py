"""The ledger: the SQLite file that says what became of each clip."""
