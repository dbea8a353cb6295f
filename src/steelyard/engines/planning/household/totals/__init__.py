"""Totals of funds over all accounts, in order of what they miss, and accounts that make them up."""
