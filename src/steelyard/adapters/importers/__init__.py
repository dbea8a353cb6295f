"""Other programs' and brokers' files of trades."""
