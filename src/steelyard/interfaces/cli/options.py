"""What the commands on a portfolio share: their options, the end of their help, reading and warning."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import click

import steelyard
from steelyard.errors import InputError
from steelyard.interfaces import language
from steelyard.interfaces.cli.typed import Day
from steelyard.records import dataclass
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.domain.caveats import Caveats
    from steelyard.domain.portfolio import Portfolio

STATUSES = {
    0: "done",
    2: "a file or a flag is wrong",
    3: "a price or an exchange rate is missing",
    4: "no plan satisfies the constraints",
    10: "with --exit-code: a rebalance is due",
    11: "complete, and some accounts were refused",
}


def epilog(*examples: str, ends: tuple[int, ...] = (0, 2, 3, 4)) -> str:
    """Return what every command's help ends with: examples, and the statuses it may exit with."""
    lines = ["\b", "Examples:", *(f"  {example}" for example in examples)]
    statuses = ["\b", "Exit status:", *(f"  {status:<3} {STATUSES[status]}" for status in ends)]
    return "\n".join(lines) + "\n\n" + "\n".join(statuses)


Command = Callable[..., Any]


def options(command: Command) -> Command:
    """Add the options that every read command takes."""
    for option in (
        click.option("--portfolio", "file", type=click.Path(path_type=Path), help="Same as FILE."),
        click.option("--as-of", type=Day(), help="Evaluate as of this date.  [default: today]"),
        click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else."),
    ):
        command = option(command)
    return command


class PlanBasics(TypedDict):
    """What the library takes of every plan."""

    as_of: date | None
    account: str | None
    fractional: bool
    stale_ok: bool


@dataclass(frozen=True, slots=True)
class PlanFlags:
    """What every command that plans is told by its options, see `plan_flags`."""

    as_json: bool
    as_of: date | None
    file: Path | None
    as_csv: bool
    account: str | None
    fractional: bool
    stale_ok: bool

    @property
    def asked(self) -> PlanBasics:
        """What of it the library is asked."""
        return {
            "as_of": self.as_of,
            "account": self.account,
            "fractional": self.fractional,
            "stale_ok": self.stale_ok,
        }


def plan_flags(command: Command) -> Command:
    """Add the options that every command takes that plans; it is given them together, as `told`."""

    @wraps(command)
    def packed(**given: Any) -> Any:
        told = PlanFlags(**{name: given.pop(name) for name in PlanFlags.__match_args__})
        return command(told=told, **given)

    asking: Command = packed
    for option in (
        click.option("--csv", "as_csv", is_flag=True, help="Orders as CSV, to type in by hand."),
        click.option(
            "--account", metavar="NAME", help="Where the money goes to or comes from.  [default: the first]"
        ),
        click.option("--fractional", is_flag=True, help="Whole shares are not required."),
        click.option("--stale-ok", is_flag=True, help="Plan even when fetched prices are too old."),
    ):
        asking = option(asking)
    return options(asking)


def two_files(one: Path, other: Path) -> InputError:
    """Return the error of a command that is given two portfolio files."""
    return InputError(
        "two-files",
        say("two portfolio files: {one} and {other}", one=one, other=other),
        say("give only one of them"),
    )


def named_file(path: Path | None, option: Path | None) -> Path:
    """Return the portfolio file given as argument or by `--portfolio`, the usual one where none is.

    Raises:
        InputError: Both are given and differ (`two-files`).
    """
    if path is not None and option is not None and path != option:
        raise two_files(path, option)
    return path or option or Path("portfolio.toml")


def need_png(plot: Path | None) -> None:
    """Refuse a picture that is no PNG.

    Raises:
        InputError: By its name it is something else (`plot-file`).
    """
    if plot is not None and plot.suffix.lower() != ".png":
        raise InputError(
            "plot-file",
            say("--plot {file} is no PNG", file=plot),
            say("write --plot {name}.png", name=plot.stem or "out"),
        )


def read_portfolio(path: Path | None, option: Path | None, as_of: date | None) -> Portfolio:
    """Return the portfolio of a file given as argument or by `--portfolio`, and speak its language.

    Raises:
        InputError: Both are given and differ (`two-files`), or the file has problems.
    """
    portfolio = steelyard.load(named_file(path, option), as_of=as_of)
    language.prefer(portfolio.language)
    return portfolio


def tell_addresses(start: str) -> None:
    """Say where a page is, and how it ends."""
    language.echo(say("open {address}", address=start), err=True)
    language.echo(say("stop with Ctrl-C"), err=True)


def warn_of_caveats(caveats: Caveats, as_of: date, portfolio: Portfolio) -> None:
    """Say on standard error what a report rests on that may not be so."""
    # Nothing to say is the rule, and then nothing is imported for it.
    grave = caveats.differences or caveats.actions or caveats.later_lots
    if grave or caveats.undated or caveats.oldest not in (None, as_of):
        from steelyard.interfaces.cli.warnings import warn

        warn(caveats, as_of, portfolio.source)


def print_json(document: dict[str, Any]) -> None:
    """Print a JSON document, its messages in the language chosen."""
    click.echo(language.json_text(language.told(document)))
