"""Parts that every floor may use; they import nothing of ours.

Errors, words, safe text, whole files, programs of our own, and the machine they run on.
"""
