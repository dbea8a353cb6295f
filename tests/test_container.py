"""The Containerfile names what is there: no container engine is needed to see that."""

import json
import re
import tomllib
from pathlib import Path

import click

from steelyard.interfaces.cli.main import cli

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "Containerfile").read_text(encoding="utf-8")


def lines(word):
    """Return what follows an instruction, continued lines joined."""
    joined = TEXT.replace("\\\n", " ")
    return re.findall(rf"^(?:HEALTHCHECK.* )?{word} (.+)$", joined, re.MULTILINE)


def test_everything_that_is_copied_is_in_the_repository():
    for line in lines("COPY"):
        *sources, _ = line.split()
        for source in sources:
            assert (ROOT / source).exists(), source


def test_its_python_is_one_the_project_takes():
    (image,) = lines("FROM")
    least = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    version = tuple(map(int, re.search(r"python:(\d+)\.(\d+)", image).groups()))
    assert version >= tuple(map(int, least.removeprefix(">=").split(".")))


def test_what_it_starts_is_a_command_with_the_flags_it_has():
    (entry,), *_ = [json.loads(line) for line in lines("ENTRYPOINT")]
    command, *words = json.loads(lines("CMD")[-1])
    assert entry == "steelyard"
    context = click.Context(cli)
    found = cli.get_command(context, command)
    with found.make_context(command, [*words], parent=context, resilient_parsing=False) as made:
        assert made.params["path"] or made.params.get("file")


def test_what_it_installs_can_build_the_project_without_the_network():
    """`--no-build-isolation` needs the build backend among what the lock installs."""
    lock = (ROOT / "requirements" / "run.txt").read_text()
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert all(re.search(rf"^{name}==", lock, re.MULTILINE) for name in build)
