"""Every package that an installation brings has its paragraph: why, licence, size and import, exit."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "dependencies.md"


def names(lines):
    return {re.split(r"[<>=;\[ ]", line)[0].lower() for line in lines}


def test_every_dependency_has_its_paragraph_and_no_paragraph_is_idle():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = names(project["dependencies"])
    for extra, lines in project["optional-dependencies"].items():
        wanted |= names(lines) if extra != "all" else set()
    parts = dict(
        re.findall(r"^### (\S+)\n\n(.+?)(?=\n\n#|\Z)", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    )
    assert set(parts) == wanted
    for name, text in parts.items():
        assert "Exit: " in text, name
        assert re.search(r"BSD|MIT|Apache|PSF", text), name


def test_apprise_is_capped_while_its_sentences_are_read():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (line,) = (line for line in project["dependencies"] if line.startswith("apprise"))
    assert re.search(r",<\d", line)
    assert (ROOT / "src/steelyard/adapters/alerts/apprise_log.py").exists()


def test_each_extra_has_a_lock_and_commands_that_try_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = set(project["optional-dependencies"]) - {"all"}
    assert {
        path.stem.removeprefix("extra-") for path in (ROOT / "requirements").glob("extra-*.txt")
    } == extras
    text = (ROOT / "tools" / "extras.py").read_text(encoding="utf-8")
    assert all(f'"{extra}": (' in text for extra in extras)
