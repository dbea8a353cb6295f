"""The page in a browser: what the terminal says, to be read and clicked (`steelyard serve`)."""
