"""Brokers' files described by data: one small TOML file a broker in `data/presets`, no code."""
