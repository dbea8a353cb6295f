"""The same search, compiled."""
