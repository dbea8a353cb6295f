"""Services that messages go to."""
