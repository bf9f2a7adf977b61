"""All that lies on the disk: the ledger, the layout of the clips, the files written from the ledger."""
