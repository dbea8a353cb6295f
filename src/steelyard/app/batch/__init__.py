"""Many accounts: their tables, what each is told, and the proof that each was told once."""
