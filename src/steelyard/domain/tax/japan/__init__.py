"""Japan: listed shares and funds taxed apart from other income."""
