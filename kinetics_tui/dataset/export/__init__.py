"""A dataset as the readers of Kinetics expect it: their folders, lists, tables or shards."""
