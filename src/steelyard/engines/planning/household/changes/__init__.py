"""Good changes found quickly and without a proof: where the searches begin."""
