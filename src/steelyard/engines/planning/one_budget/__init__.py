"""The exact search for one budget."""
