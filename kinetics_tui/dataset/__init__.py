"""What lies on the disk: the ledger, the layout of the clips, the records written from them."""
