"""What became of a dataset, in figures: from its ledger, or from files as the 2019 write-up kept them."""
