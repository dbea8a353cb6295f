"""What the use cases need from the world, as small protocols in domain types."""
