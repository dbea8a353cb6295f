"""Schedules are judged by the programs that read them: sh, systemd, and parsers of their formats."""

import os
import platform
import plistlib
import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import PurePosixPath
from xml.etree import ElementTree

import pytest
import yaml

from processes import run_command
from steelyard.app.automation import schedule as texts
from steelyard.errors import InputError

SAMPLE = """
base_currency = "KRW"
[targets]
VOO = "100%"
[[accounts]]
name = "main"
positions = [ { symbol = "VOO", shares = 8, price = "600000 KRW" } ]
"""
# Stands for the real program: keeps a crontab in a file, and like it fails when there is none.
CRONTAB = """#!/bin/sh
if [ "$1" = -l ]; then cat "$CRONTAB_FILE" 2>/dev/null || exit 1; else cat > "$CRONTAB_FILE"; fi
"""
OTHERS = "MAILTO=me@example.org\n5 4 * * * /usr/bin/backup # mine\n"


@pytest.fixture
def folder(tmp_path):
    # A blank, a per cent sign, a quote and a dollar: each means something to cron, sh or systemd.
    place = tmp_path / "my 100% o'folder $HOME"
    place.mkdir()
    (place / "portfolio.toml").write_text(SAMPLE)
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "crontab"
    program.write_text(CRONTAB)
    program.chmod(0o755)
    return place


def run(folder, *words):
    env = {k: v for k, v in os.environ.items() if not k.startswith("STEELYARD_")}
    env |= {
        "PATH": f"{folder.parent / 'bin'}:/usr/bin:/bin",
        "CRONTAB_FILE": str(folder.parent / "crontab.txt"),
        "XDG_CONFIG_HOME": str(folder.parent / "config"),
    }
    return run_command(folder, *words, env=env)


def test_installing_twice_leaves_one_line_and_removing_leaves_the_others(folder):
    crontab = folder.parent / "crontab.txt"
    crontab.write_text(OTHERS)
    assert run(folder, "schedule", "install").returncode == 0
    assert run(folder, "schedule", "install").returncode == 0
    lines = crontab.read_text().splitlines()
    assert lines[:2] == OTHERS.splitlines()
    assert len(lines) == 3
    assert run(folder, "schedule", "show").stdout.strip() == lines[2]
    assert run(folder, "schedule", "remove").returncode == 0
    assert crontab.read_text() == OTHERS


def test_the_line_runs_in_the_empty_environment_of_cron(folder):
    line = run(folder, "schedule", "install", "--print", "cron").stdout.strip()
    # What cron does: the first five fields are the time, and `\\%` becomes `%`.
    command = line.split(" ", 5)[5].replace("\\%", "%")
    clean = {"HOME": "/", "LOGNAME": "nobody", "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"}
    done = subprocess.run(["/bin/sh", "-c", command], env=clean, cwd="/", capture_output=True, check=False)
    assert done.returncode == 0
    assert (folder / "steelyard.db").exists()
    assert "outcome=done" in (folder / "steelyard.log").read_text()


def test_a_folder_gets_a_line_of_its_own():
    one = texts.Entry(("/bin/steelyard",), PurePosixPath("/a/money/portfolio.toml"), "Asia/Seoul")
    two = texts.Entry(("/bin/steelyard",), PurePosixPath("/b/money/portfolio.toml"), "Asia/Seoul")
    both = texts.with_line(texts.with_line("", one), two)
    assert len(both.splitlines()) == 2
    assert texts.without_line(both, one) == texts.cron_line(two) + "\n"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_accepts_the_units(folder):
    assert run(folder, "schedule", "install", "--systemd").returncode == 0
    units = sorted((folder.parent / "config" / "systemd" / "user").iterdir())
    assert [u.suffix for u in units] == [".service", ".timer"]
    assert "Persistent=true" in units[1].read_text()
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, units)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert units[0].stem not in done.stderr
    assert run(folder, "schedule", "remove").returncode == 0
    assert not list((folder.parent / "config" / "systemd" / "user").iterdir())


def test_the_other_schedulers_get_texts_their_parsers_take(folder):
    def printed(kind):
        return run(folder, "schedule", "install", "--print", kind).stdout

    words = plistlib.loads(printed("launchd").encode())["ProgramArguments"]
    assert words[-3:] == ["run", str(folder / "portfolio.toml"), "--if-due"]
    assert ElementTree.fromstring(printed("taskscheduler")).tag.endswith("Task")
    job = yaml.safe_load(printed("github"))["jobs"]["run"]
    assert job["steps"][-1]["run"] == "steelyard run portfolio.toml --if-due"
    # What is installed there is what is installed here: an action by its commit, a package by its version.
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", s["uses"]) for s in job["steps"] if "uses" in s)
    install = next(s["run"] for s in job["steps"] if s.get("run", "").startswith("pip install "))
    pins = dict(word.split("==") for word in install.split()[2:])
    assert {"steelyard", "click", "numpy", "highspy", "apprise", "rich", "httpx2"} <= set(pins)
    assert all(version(name) == pinned for name, pinned in pins.items())
    here = ".".join(platform.python_version_tuple()[:2])
    assert (
        next(s for s in job["steps"] if "setup-python" in s.get("uses", ""))["with"]["python-version"] == here
    )
    spec = yaml.safe_load(printed("kubernetes"))["spec"]
    assert spec["timeZone"] == "Asia/Seoul"
    container = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == f"steelyard:{version('steelyard')}"
    assert container["args"] == ["run", "/data/portfolio.toml", "--if-due"]


def test_a_path_that_launchd_cannot_be_told_of_is_refused_and_others_come_back_whole():
    """What Apple's format has no place for: a control character; everything else is read back as it was."""
    for name in ("a & b <c> \"d\" 'e'", "돈 %h $HOME", "x\ty"):
        entry = texts.Entry(("/bin/steelyard",), PurePosixPath(f"/{name}/portfolio.toml"), "Asia/Seoul")
        made = plistlib.loads(texts.launchd(entry).encode())
        assert made["ProgramArguments"] == list(entry.words)
        assert made["StandardErrorPath"] == str(entry.log)
    entry = texts.Entry(("/bin/steelyard",), PurePosixPath("/a\x1bb/portfolio.toml"), "Asia/Seoul")
    with pytest.raises(InputError, match="launchd cannot be told of") as refused:
        texts.launchd(entry)
    assert refused.value.code == "schedule-path"


def test_without_cron_the_hint_names_what_else_works(folder):
    (folder.parent / "bin" / "crontab").unlink()
    if shutil.which("crontab", path="/usr/bin:/bin"):
        pytest.skip("there is a crontab program here")
    done = run(folder, "schedule", "install")
    assert done.returncode == 2
    assert "--systemd" in done.stderr
