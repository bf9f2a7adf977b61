"""A loopback YouTube and a small made-up dataset: the whole program at work without the internet."""
