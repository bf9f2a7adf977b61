"""Long lists out of the ledger, read a page at a time: what the screens of failed and of done clips share."""
