"""What a policy would have done on history."""
