"""What is held and what happened: journal, lots, holdings, values."""
