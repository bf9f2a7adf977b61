"""Archives of clips read beside YouTube: which there are, fetched, and passed member by member."""
