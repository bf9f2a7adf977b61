"""A dataset as the readers of Kinetics expect it: their folders, lists, tables or shards.

``readers.py`` names the readers, each a form of its own; ``making.py`` goes through the clips once and has
the form of the reader take in each.
"""
