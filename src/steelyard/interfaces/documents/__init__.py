"""Every JSON and CSV document."""
