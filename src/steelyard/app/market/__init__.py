"""Instruments, prices, rates and calendars."""
