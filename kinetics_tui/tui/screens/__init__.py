"""Screens own their keys and actions."""
