"""The run without a screen: lines for people, JSON for scripts."""
