"""The command line: parse, call, print. No rule lives here.

Every command is imported when it is asked for, with what it needs, so that `check --json` starts in the time
that click itself takes.
"""

from __future__ import annotations

import os
import sys

import click

from steelyard import __version__
from steelyard.errors import InputError, PortfolioProblems, SteelyardError
from steelyard.interfaces import edge, language
from steelyard.interfaces.cli.command_table import LaterGroup
from steelyard.words import ENGLISH, say


@click.group(
    cls=LaterGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="steelyard")
def cli() -> None:
    """Keep an ETF portfolio on target: when to rebalance, exactly what to trade, what it costs.

    Steelyard calculates from your own targets; it is not investment or tax advice.

    FILE is the portfolio file, `portfolio.toml` in the current folder unless given.
    """


def _spoken() -> click.Group:
    """Return the commands with their help in the language chosen."""
    if language.current() is ENGLISH:
        return cli
    from steelyard.interfaces.cli import help_words

    help_words.let_click_speak()
    return help_words.told(cli)


def main() -> None:
    """Run the command line; the one place where errors become text and an exit status."""
    with edge.guarded():
        _run()


def _run() -> None:
    try:
        language.begin(sys.argv[1:], os.environ)
        _spoken().main(prog_name="steelyard", standalone_mode=False)
    except SteelyardError as error:
        for text in language.problems(error):
            click.echo(text, err=True)
        sys.exit(error.status if isinstance(error, PortfolioProblems) else error.exit_status)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(2)
    except click.ClickException as error:
        language.echo(say("error[{code}]: {text}", code="usage", text=error.format_message()), err=True)
        where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "steelyard"
        click.echo(f"\n  {language.hint(say('see `{command} --help`', command=where))}", err=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        language.echo(say("stopped"), err=True)
        sys.exit(130)
    except edge.ReaderGone:
        # Somebody downstream (`| head`) has read enough; nothing is wrong.
        sys.exit(0)
    except OSError as error:
        # What neither we nor the owner can do anything about where it happens: a name too long, a full disk.
        place = f"{error.filename}: " if error.filename else ""
        fault = InputError(
            "file-system",
            say("{place}{why}", place=place, why=error.strerror or type(error).__name__),
            say("check the name, its rights, and the room on the disk"),
        )
        for text in language.problems(fault):
            click.echo(text, err=True)
        sys.exit(2)
