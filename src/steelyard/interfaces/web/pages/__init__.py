"""The screens: each takes a visit, asks the library, and returns a template with its facts."""
