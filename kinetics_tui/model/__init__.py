"""Plain data that every other floor speaks in; imports nothing of ours."""
