"""`steelyard.db`, the one database beside the portfolio file."""
