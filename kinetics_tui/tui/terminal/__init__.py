"""The terminal itself: whether it can carry the app, how it is drawn on and left, its clipboard."""
