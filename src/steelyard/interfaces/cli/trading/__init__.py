"""Orders, brokers, guardrails, audit."""
