"""The failures screen: look, filter, retry."""
