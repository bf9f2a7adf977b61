"""The hosts screen: the machines that take part in a run, and how to get one in."""
