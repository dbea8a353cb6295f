"""The contract that the API publishes is OpenAPI and holds the schemas as they are (`tools/openapi.py`)."""

import gzip
import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "src/steelyard/interfaces/http/openapi.json.gz"


def test_the_published_contract_is_what_the_tool_writes():
    spec = importlib.util.spec_from_file_location("openapi_tool", ROOT / "tools" / "openapi.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert gzip.decompress(PUBLISHED.read_bytes()).decode() == tool.text(), "run: python tools/openapi.py"


def test_the_published_contract_is_openapi():
    validator = pytest.importorskip("openapi_spec_validator")
    validator.validate(json.loads(gzip.decompress(PUBLISHED.read_bytes())))
