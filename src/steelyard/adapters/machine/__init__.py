"""The machine: clock, calendar, locks, secrets, schedules."""
