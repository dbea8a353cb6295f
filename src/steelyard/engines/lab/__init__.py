"""Which bands and which savings fit: closed forms, dynamic programmes and simulation of a saver."""
