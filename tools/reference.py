"""Writes docs/reference/commands.md from the help of every command, and lists the error codes of the source.

Run `python tools/reference.py` after changing a command; a test compares the page with the code.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click

from steelyard.domain.trading.guardrails import RULES
from steelyard.interfaces.cli.main import cli

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "steelyard"
PAGE = ROOT / "docs" / "reference" / "commands.md"
RAISERS = {
    "__init__",
    "InputError", "DataError", "PlanError", "ServiceError", "NoAnswer", "OrderNotTaken", "Problem", "problem",
    "refuse", "Refusal", "_refusal", "_of_plan", "fault",
}  # fmt: skip
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
INTRODUCTION = """\
# Commands

What `steelyard COMMAND --help` prints, command by command. This page is written by `tools/reference.py`.

FILE is the portfolio file, `portfolio.toml` in the current folder unless given. Every command that reads one
also takes it as `--portfolio FILE`; one whose arguments are something else (`record`, `execute`, `find`)
takes it only so. With `--json` a command prints one document on standard output and nothing else;
everything said to a person goes to standard error. [Errors](errors.md) explains every error there is.
"""


def commands(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command below a group, the group itself first, by name."""
    yield " ".join(("steelyard", *words)), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in sorted(command.list_commands(context)):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, (*words, name))


def commands_page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for name, command in commands(cli):
        with click.Context(
            command, info_name=name, terminal_width=100, help_option_names=["-h", "--help"]
        ) as context:
            text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
        parts.append(f"## {name}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def error_codes() -> set[str]:
    """Every code that an error of the source may carry: the names of the guardrails, what stands first
    where an error or a refusal is made, or what the name that stands there was given in the same function,
    and codes printed as `error[CODE]`."""
    found: set[str] = set(RULES)
    for module in SOURCE.rglob("*.py"):
        text = module.read_text(encoding="utf-8")
        found |= set(re.findall(r"error\[([a-z0-9-]+)\]", text))
        found |= set(re.findall(r'"error\[\{code\}\]: \{text\}", code="([a-z0-9-]+)"', text))
        for function in ast.walk(ast.parse(text)):
            if isinstance(function, (ast.FunctionDef, ast.Module)):
                found |= _codes_of(function)
    return found


def _codes_of(scope: ast.FunctionDef | ast.Module) -> set[str]:
    found: set[str] = set()
    for call in ast.walk(scope):
        if not isinstance(call, ast.Call) or _name(call.func) not in RAISERS or not call.args:
            continue
        first = call.args[0]
        values: list[ast.AST] = [first]
        if isinstance(first, ast.Name) and isinstance(scope, ast.FunctionDef):
            values = [
                part
                for node in ast.walk(scope)
                if isinstance(node, ast.Assign) and first.id in map(_name, node.targets)
                for part in (
                    [node.value.body, node.value.orelse] if isinstance(node.value, ast.IfExp) else []
                )
            ]
        for value in values:
            if (
                isinstance(value, ast.Constant)
                and isinstance(value.value, str)
                and CODE.fullmatch(value.value)
            ):
                found.add(value.value)
    return found


def _name(node: ast.AST) -> str:
    return getattr(node, "attr", None) or getattr(node, "id", "")


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(commands_page(), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(list(commands(cli)))} commands; {len(error_codes())} error codes")
