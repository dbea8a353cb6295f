"""Which band, which destination and how much saving fit a portfolio's own costs, taxes and size."""
