"""What the columns of past prices are, and how they come to the same sessions."""
