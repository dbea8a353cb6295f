"""What a sale or a distribution is taxed."""
