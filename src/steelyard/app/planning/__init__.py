"""What to trade: objective, whole shares, households."""
