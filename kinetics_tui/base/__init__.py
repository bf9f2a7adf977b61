"""What every floor may use, and what imports nothing of ours.

Errors, words, safe text, whole files, programs of our own, and the machine they run on.
"""
