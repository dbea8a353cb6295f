"""Linear and mixed-integer models of a household, handed to the solver."""
