"""Published and exact results, computed again: theirs, ours, the difference, and why where they differ."""
