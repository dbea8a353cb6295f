"""Shells complete commands, symbols, accounts and policies, after one command."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from builders import account, portfolio, position
from processes import run_command
from steelyard.domain.policy.policy_text import parse
from steelyard.interfaces.cli.completion import POLICIES

FILE = portfolio(
    {"VOO": "60%", "TLT": "40%"},
    account(position("VOO", 10, "600 USD"), name="main"),
    account(position("TLT", 30, "90 USD"), name="pension"),
    base_currency="USD",
)
COMPLETED = [
    ("pla", {"plan"}),
    ("invest --account ", {"main", "pension"}),
    ("invest --account p", {"pension"}),
    ("plan --price V", {"VOO="}),
    ("targets set T", {"TLT="}),
    ("prices set ", {"VOO", "TLT"}),
    ("record b", {"buy"}),
    ("record buy T", {"TLT"}),
    ("backtest --policy h", {"hold", "hybrid quarterly 5% 180d"}),
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "portfolio.toml").write_text(FILE, encoding="utf-8")
    return tmp_path


def completed(folder, line, shell):
    """What a shell is answered: lines of type, value and, for zsh, a description."""
    words = line.split(" ")
    # What click's scripts hand over: fish has all words but the last, and that one apart.
    last = {"COMP_CWORD": words[-1]} if shell == "fish" else {"COMP_CWORD": str(len(words))}
    env = {
        **os.environ, **last, "COMP_WORDS": f"steelyard {line}", "_STEELYARD_COMPLETE": f"{shell}_complete",
    }  # fmt: skip
    done = run_command(folder, env=env)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    if shell == "zsh":
        assert set(lines[::3]) <= {"plain"}
        return set(lines[1::3])
    return {each.removeprefix("plain,").partition("\t")[0] for each in lines if each}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(("line", "found"), COMPLETED if sys.platform != "win32" else [])
def test_a_shell_is_offered_what_stands_in_the_file(folder, line, found, shell):
    if shell == "bash":
        found = {word.replace(" ", "\\\\ ") for word in found}
    answer = completed(folder, line, shell)
    assert answer == found if " " in line else found <= answer


def test_a_file_that_cannot_be_read_is_no_hindrance(folder):
    (folder / "portfolio.toml").write_text("[targets\n", encoding="utf-8")
    assert completed(folder, "invest --account ", "bash") == set()
    assert completed(folder, "pla", "bash") == {"plan"}


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_that_is_offered_is_one(policy):
    parse(policy)


@pytest.mark.parametrize(
    ("shell", "place"),
    [
        ("bash", ".local/share/bash-completion/completions/steelyard"),
        ("zsh", ".local/share/steelyard/completion.zsh"),
        ("fish", ".config/fish/completions/steelyard.fish"),
    ],
)
def test_one_command_installs_it_where_the_shell_looks(folder, shell, place):
    env = {k: v for k, v in os.environ.items() if not k.startswith("XDG_") and k != "ZDOTDIR"}
    env |= {"HOME": str(folder), "SHELL": f"/usr/bin/{shell}"}
    for _ in range(2):
        done = run_command(folder, "completion", "--install", env=env)
        assert done.returncode == 0, done.stderr
    printed = run_command(folder, "completion", shell, env=env)
    assert (folder / place).read_text(encoding="utf-8") == printed.stdout
    assert (folder / ".zshrc").exists() == (shell == "zsh")
    if shell == "zsh":
        assert (folder / ".zshrc").read_text(encoding="utf-8").count(str(folder / place)) == 2


def test_a_shell_that_is_not_known_is_said(folder):
    done = run_command(folder, "completion", env={**os.environ, "SHELL": "/bin/nosuch"})
    assert done.returncode == 2
    assert "say which shell you use" in done.stderr


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_itself_completes_an_account_and_a_policy(folder):
    """The installed script is sourced, and asked as bash asks it."""
    script = run_command(folder, "completion", "bash").stdout
    (folder / "script").write_text(script, encoding="utf-8")
    command = folder / "steelyard"
    command.write_text(
        f"#!{sys.executable}\nfrom steelyard.interfaces.cli.main import main\nmain()\n", encoding="utf-8"
    )
    command.chmod(0o755)
    asked = (
        "source ./script\n"
        'ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _steelyard_completion steelyard;'
        ' printf "%s\\n" "${COMPREPLY[@]}"; }\n'
        "ask steelyard invest --account p\nask steelyard backtest --policy thr\n"
    )
    env = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(
        ["bash", "--norc", "-c", asked], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == ["pension", "threshold\\ 5%", "threshold\\ 5%\\ relative\\ 25%"]


def test_the_place_of_a_home_that_cannot_be_written_is_said(folder):
    (folder / ".local").write_text("")
    env = {k: v for k, v in os.environ.items() if not k.startswith("XDG_")}
    done = run_command(folder, "completion", "bash", "--install", env={**env, "HOME": str(folder)})
    assert done.returncode == 2
    assert "error[unwritable]" in done.stderr
    assert str(Path(".local")) in done.stderr
