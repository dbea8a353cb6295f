"""One account that pays for all: every count of its funds, mixed and looked at together."""
