"""What must hold for the repository as a whole."""

import ast
import importlib.util
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "src" / "steelyard").rglob("*.py"))


def tracked():
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def test_the_locks_hold_hashes_and_no_address():
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "--index" not in text


def test_no_link_is_tracked():
    """Where it leads to is a folder of somebody's machine, or a file that is here already."""
    done = subprocess.run(["git", "ls-files", "-s"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert [line for line in done.stdout.splitlines() if line.startswith("120000")] == []


def test_no_tracked_file_names_a_folder_of_somebodys_machine():
    folders = ["/" + name + "/" for name in ("work", "root", "tmp")]
    for path in tracked():
        text = path.read_text(encoding="utf-8", errors="ignore")
        assert not [f for f in folders if f in text], path


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.name)
def test_a_module_is_short_and_named_after_a_thing(module):
    assert len(module.read_text().splitlines()) <= 500
    assert module.stem not in {"utils", "helpers", "common", "manager", "misc"}


def test_no_binary_float_stands_in_the_domain():
    for module in (ROOT / "src" / "steelyard" / "domain").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), module


def test_every_message_is_said_in_every_language():
    """`python tools/words.py` adds what is missing to the catalogues; the Korean is then written by hand."""
    spec = importlib.util.spec_from_file_location("words_tool", ROOT / "tools" / "words.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    messages, problems = tool.messages()
    for path in sorted((ROOT / "src" / "steelyard" / "languages").glob("*.po")):
        problems += tool.faults(path.stem, messages)
    assert problems == []


PLAN = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("layer", ["adapters", "app", "bootstrap", "domain", "engines", "ports"])
def test_every_room_of_a_layer_stands_in_the_plan_of_the_house(layer):
    """Its row of ARCHITECTURE.md; `files` may stand there as one of its modules."""
    (row,) = re.findall(rf"^\| \*\*{layer}\*\* \|.*$", PLAN, re.MULTILINE)
    named = {name.split("/")[0] for name in re.findall(r"`([^`]+)`", row)}
    rooms = {p.name for p in (ROOT / "src" / "steelyard" / layer).iterdir() if not p.name.startswith("__")}
    assert rooms <= named


def test_what_the_plan_of_the_house_points_to_is_there():
    for target in re.findall(r"\]\(([^)#:]+)", PLAN):
        assert (ROOT / target).exists(), target
