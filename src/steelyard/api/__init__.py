"""The front door: one room a subject, with everything that commands, pages and tools do.

Their functions are names of `steelyard` and documented there. Every amount may be an int, a Decimal or text;
it is read exactly, and a float is refused. What `load` and `build` give are values: nothing that is done with
them looks at a file or at the current directory again.
"""
