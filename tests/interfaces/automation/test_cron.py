"""An installed line under the real cron: root, cron and an empty crontab are needed, and a minute's patience.

Where a crontab has lines or a cron is running, both belong to somebody, and the test leaves them alone.
"""

import os
import shutil
import subprocess
import sys
import time

import pytest

SAMPLE = """
base_currency = "KRW"
[targets]
VOO = "100%"
[[accounts]]
name = "main"
positions = [ { symbol = "VOO", shares = 8, price = "600000 KRW" } ]
"""
CODE = "from steelyard.interfaces.cli.main import main; main()"
PATIENCE_SECONDS = 150


def crontab(*words, text=None):
    return subprocess.run(["crontab", *words], input=text, capture_output=True, text=True, check=False)


@pytest.fixture
def cron():
    """A running cron that starts out with no lines."""
    if shutil.which("cron") is None or shutil.which("crontab") is None:
        pytest.skip("needs cron")
    if os.geteuid() != 0:
        pytest.skip("needs root, as cron does")
    if crontab("-l").stdout.strip():
        pytest.skip("this user has a crontab")
    program = subprocess.Popen(["cron", "-f"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    if program.poll() is not None:
        pytest.skip("another cron is running, or this one may not")
    yield
    program.terminate()
    program.wait()
    crontab("-r")


def schedule(folder, *words):
    env = {k: v for k, v in os.environ.items() if not k.startswith("STEELYARD_")}
    done = subprocess.run(
        [sys.executable, "-c", CODE, "schedule", *words],
        cwd=folder,
        capture_output=True,
        env=env,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_cron_does_the_job_of_an_installed_line(tmp_path, cron):
    """The hour is left out of the line, so that the next minute will do; nothing else of it is touched."""
    # A per cent sign, a blank and a quote: each means something to cron or to its shell.
    folder = tmp_path / "my 100% o'folder"
    folder.mkdir()
    (folder / "portfolio.toml").write_text(SAMPLE)
    schedule(folder, "install")
    (line,) = (one for one in crontab("-l").stdout.splitlines() if "steelyard" in one)
    every_minute = f"* * * * * {line.split(' ', 5)[5]}\n"
    assert crontab("-", text=every_minute).returncode == 0
    log = folder / "steelyard.log"
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and not (log.exists() and "outcome=" in log.read_text()):
        time.sleep(1)
    assert "outcome=done" in log.read_text()
    assert (folder / "steelyard.db").exists()
    schedule(folder, "remove")
    assert "steelyard" not in crontab("-l").stdout
