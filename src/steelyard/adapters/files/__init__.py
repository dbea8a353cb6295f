"""The files an owner writes, and those that come with the package."""
