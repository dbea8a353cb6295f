"""Where prices and rates come from."""
