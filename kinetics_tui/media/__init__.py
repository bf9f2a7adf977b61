"""One clip's way: resolve, fetch, trim, verify, and what can go wrong in between."""
