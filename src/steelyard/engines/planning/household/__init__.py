"""Several accounts, currencies and caps, with tax."""
