"""Tools for assistants (`steelyard mcp`): they read and calculate, and none of them can move money."""
