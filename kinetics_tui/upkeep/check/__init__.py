"""Files held against the ledger, and what is found put right."""
