"""Clips from elsewhere taken over into a dataset."""
