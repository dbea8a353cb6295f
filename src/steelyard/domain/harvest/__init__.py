"""Losses and gains that are worth realising."""
