"""The scheduled job, its alerts and its health."""
