"""One clip's way: resolve, fetch, cut, verify, and what can go wrong in between."""
