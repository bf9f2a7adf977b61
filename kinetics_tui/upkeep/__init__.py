"""A dataset looked after, with no run needed: checked, adopted into, listed, compared."""
