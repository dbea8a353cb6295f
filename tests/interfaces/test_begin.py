"""The first ten minutes: a file in one's own currency, and a way to prices from the first error on."""

import os
import sys
import tomllib

import pytest

from processes import run_command

if sys.platform != "win32":
    import pty
    import subprocess


@pytest.mark.parametrize(("country", "currency"), [("KR", "KRW"), ("US", "USD"), ("JP", "JPY")])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_country_gives_the_file_its_currency_and_its_tax(tmp_path, country, currency, lang):
    done = run_command(tmp_path, "init", "--country", country, "--lang", lang)
    assert done.returncode == 0, done.stderr
    written = tomllib.loads((tmp_path / "portfolio.toml").read_text(encoding="utf-8"))
    assert written["base_currency"] == currency
    assert written["tax"] == {"jurisdiction": country}
    assert run_command(tmp_path, "check").returncode == 0


def test_who_names_neither_is_told_how(tmp_path):
    done = run_command(tmp_path, "init")
    assert "counts in won (KRW)" in done.stderr
    assert "steelyard init us --country US" in done.stderr
    assert run_command(tmp_path, "init", "us", "--country", "US").returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo terminals")
@pytest.mark.parametrize(
    ("answers", "currency", "tax"),
    [("US\n\n", "USD", {"jurisdiction": "US"}), ("-\neur\n", "EUR", None), ("\n\n", "USD", None)],
)
def test_at_a_terminal_both_are_asked(tmp_path, answers, currency, tax):
    """An empty answer takes what is offered: no tax, and dollars."""
    ours, theirs = pty.openpty()
    code = "from steelyard.interfaces.cli.main import main; main()"
    env = {
        k: v for k, v in os.environ.items() if k not in ("LANG", "LC_ALL", "LC_MESSAGES", "STEELYARD_LANG")
    }
    process = subprocess.Popen(
        [sys.executable, "-c", code, "init"],
        cwd=tmp_path,
        env=env,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.write(ours, answers.encode())
    assert process.wait(60) == 0
    os.close(theirs)
    os.close(ours)
    written = tomllib.loads((tmp_path / "portfolio.toml").read_text(encoding="utf-8"))
    assert (written["base_currency"], written.get("tax")) == (currency, tax)


def test_the_first_error_leads_to_a_price_typed_and_to_a_source(tmp_path):
    """What the hint says is run, with a price; a source that has none says what to do."""
    assert run_command(tmp_path, "init", "--country", "US").returncode == 0
    file = tmp_path / "portfolio.toml"
    file.write_text(
        file.read_text(encoding="utf-8").replace('shares = "0"', 'shares = "8"'), encoding="utf-8"
    )
    asked = run_command(tmp_path, "check")
    assert asked.returncode == 3
    hints = [line.split("steelyard ")[1] for line in asked.stderr.splitlines() if "hint: run:" in line]
    assert len(hints) == 2
    for hint in hints:
        words = hint.split(",")[0].replace("PRICE", "600.20").split()
        assert run_command(tmp_path, *words).returncode == 0
    assert run_command(tmp_path, "check").returncode == 0
    fetched = run_command(tmp_path, "prices", "fetch")
    assert fetched.returncode == 3
    assert "automation.toml" in fetched.stderr
    assert "steelyard prices set SYMBOL PRICE" in fetched.stderr
