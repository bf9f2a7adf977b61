"""Upkeep of a dataset: its files held against its ledger, and what is found put right."""
