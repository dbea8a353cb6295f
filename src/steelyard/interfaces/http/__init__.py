"""The HTTP API: what the commands answer with `--json`, for other programs (`/v1`, `/openapi.json`)."""
