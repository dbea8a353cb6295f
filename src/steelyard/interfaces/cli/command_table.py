"""A group of commands whose modules are imported when one of them is used."""

from __future__ import annotations

import os
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from steelyard.interfaces import language
from steelyard.languages import available
from steelyard.words import ENGLISH

LATER = {
    "check": "steelyard.interfaces.cli.check",
    "plan": "steelyard.interfaces.cli.planning",
    "invest": "steelyard.interfaces.cli.planning",
    "withdraw": "steelyard.interfaces.cli.planning",
    "models": "steelyard.interfaces.cli.first_steps",
    "init": "steelyard.interfaces.cli.first_steps",
    "demo": "steelyard.interfaces.cli.first_steps",
    "completion": "steelyard.interfaces.cli.completion",
    "backtest": "steelyard.interfaces.cli.lab.backtest",
    "compare": "steelyard.interfaces.cli.lab.backtest",
    "bands": "steelyard.interfaces.cli.lab.advice",
    "deposits": "steelyard.interfaces.cli.lab.advice",
    "lab": "steelyard.interfaces.cli.lab.research",
    "serve": "steelyard.interfaces.cli.serving",
    "mcp": "steelyard.interfaces.cli.serving",
    "execute": "steelyard.interfaces.cli.trading.execute",
    "approve": "steelyard.interfaces.cli.trading.execute",
    "arm": "steelyard.interfaces.cli.trading.execute",
    "disarm": "steelyard.interfaces.cli.trading.execute",
    "halt": "steelyard.interfaces.cli.trading.execute",
    "resume": "steelyard.interfaces.cli.trading.execute",
    "orders": "steelyard.interfaces.cli.trading.orders",
    "cancel": "steelyard.interfaces.cli.trading.orders",
    "sync": "steelyard.interfaces.cli.trading.orders",
    "audit": "steelyard.interfaces.cli.trading.audit",
    "record": "steelyard.interfaces.cli.books.journal",
    "import": "steelyard.interfaces.cli.books.journal",
    "history": "steelyard.interfaces.cli.books.journal",
    "holdings": "steelyard.interfaces.cli.books.holdings",
    "undo": "steelyard.interfaces.cli.books.journal",
    "tax": "steelyard.interfaces.cli.tax",
    "harvest": "steelyard.interfaces.cli.tax",
    "batch": "steelyard.interfaces.cli.batch",
    "find": "steelyard.interfaces.cli.find",
    "targets": "steelyard.interfaces.cli.targets",
    "prices": "steelyard.interfaces.cli.market",
    "notify": "steelyard.interfaces.cli.automation.notify",
    "values": "steelyard.interfaces.cli.books.values",
    "run": "steelyard.interfaces.cli.automation.run",
    "watch": "steelyard.interfaces.cli.automation.run",
    "schedule": "steelyard.interfaces.cli.automation.schedule",
    "doctor": "steelyard.interfaces.cli.automation.operations",
    "backup": "steelyard.interfaces.cli.automation.operations",
    "restore": "steelyard.interfaces.cli.automation.operations",
}


class LaterGroup(click.Group):
    """A click group of the commands in LATER, each by the name of its function."""

    def __init__(self, *given: Any, **how: Any) -> None:
        super().__init__(*given, **how)
        self.params.append(lang_option())

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names without importing anything."""
        return sorted(LATER)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command from its module, None where there is none of that name."""
        if cmd_name not in LATER:
            return None
        module: Any = import_module(LATER[cmd_name])
        found: click.Command = getattr(module, cmd_name)
        _add_lang(found)
        _add_portfolio(found)
        if "_STEELYARD_COMPLETE" in os.environ:  # a shell asks
            from steelyard.interfaces.cli import completion

            completion.prepare(found)
        if language.current() is ENGLISH:
            return found
        from steelyard.interfaces.cli.help_words import told

        return told(found)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by what people do, then the options."""
        from steelyard.interfaces.cli.help_list import SECTIONS

        widest = max(map(len, LATER))
        for title, commands in SECTIONS:
            with formatter.section(language.tell(title)):
                rows = [(name.ljust(widest), language.tell(text)) for name, text in commands.items()]
                formatter.write_dl(rows)
        click.Command.format_options(self, ctx, formatter)


def _add_lang(command: click.Command) -> None:
    """Let a command, and every command below it, take `--lang`."""
    if not any(option.name == "lang" for option in command.params):
        command.params.append(lang_option())
    if isinstance(command, click.Group):
        for below in command.commands.values():
            _add_lang(below)


def _add_portfolio(command: click.Command) -> None:
    """Let every command that takes the portfolio file as FILE take it as `--portfolio`, too."""
    if isinstance(command, click.Group):
        for below in command.commands.values():
            _add_portfolio(below)
        return
    takes = {one.name: one for one in command.params}
    given = next((one for name in ("path", "words") if (one := takes.get(name))), None)
    inner = command.callback
    if given is None or "[FILE]" not in (given.metavar or "") or inner is None:
        return
    if any("--portfolio" in one.opts for one in command.params):
        return
    option = click.Option(["--portfolio", "same_file"], type=click.Path(path_type=Path), help="Same as FILE.")
    name = str(given.name)

    @wraps(inner)
    def named(*, same_file: Path | None, **told: Any) -> Any:
        if same_file is not None and name == "words":
            told[name] = (*told[name], str(same_file))
        elif same_file is not None:
            source = click.get_current_context().get_parameter_source(name)
            if source is ParameterSource.COMMANDLINE and told[name] != same_file:
                from steelyard.interfaces.cli.options import two_files

                raise two_files(told[name], same_file)
            told[name] = same_file
        return inner(**told)

    command.callback = named
    command.params.append(option)


def lang_option() -> click.Option:
    """Return the option that every command takes; `interfaces.language.begin` has acted on it before."""
    return click.Option(
        ["--lang"],
        type=click.Choice(available()),
        expose_value=False,
        help="Language of what is printed.  [default: the file's, else the locale's]",
    )
