"""The command `completion`, and what a shell is offered: symbols, accounts, policies beside click's words.

Click finds commands and options by itself. What stands in the portfolio file is offered by the name of a
parameter, so that no command has to know of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, get_completion_class

import steelyard
from steelyard.errors import SteelyardError, unwritable
from steelyard.interfaces import language
from steelyard.interfaces.cli.options import epilog
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.domain.portfolio import Portfolio

COMPLETING = "_STEELYARD_COMPLETE"
"""The variable by which a shell asks for completions, as click names it."""
SHELLS = ("bash", "zsh", "fish")
POLICIES = (
    "hold", "calendar monthly", "calendar quarterly", "calendar annual", "threshold 5%",
    "threshold 5% relative 25%", "hybrid quarterly 5% 180d",
)  # fmt: skip
"""Policies as they are asked for most; each is one that `--policy` takes."""
KINDS = ("buy", "sell", "deposit", "withdraw", "dividend")
"""How an entry begins that is written down in words."""
_MARK = "# steelyard: completion of commands, symbols and accounts"


@click.command(
    epilog=epilog("steelyard completion --install", "steelyard completion zsh > _steelyard", ends=(0, 2))
)
@click.argument("shell", required=False, type=click.Choice(SHELLS))
@click.option("--install", is_flag=True, help="Put it where the shell finds it, instead of printing it.")
def completion(shell: str | None, install: bool) -> None:
    """Let your shell complete commands, options, symbols, accounts and policies.

    SHELL is the one you are in unless given. Without --install its script is printed.
    """
    name = shell or Path(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        asked = say("say which shell you use: {command}", command="steelyard completion bash --install")
        raise click.UsageError(language.tell(asked))
    script = _script(name)
    if not install:
        click.echo(script, nl=False)
        return
    place = _place(name, os.environ)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(script, encoding="utf-8")
        if name == "zsh":
            _source(Path(os.environ.get("ZDOTDIR") or Path.home()) / ".zshrc", place)
    except OSError as error:
        raise unwritable(place, error) from None
    language.echo(
        say("wrote {file}; it works in the next {shell} you open", file=place, shell=name), err=True
    )


def _script(shell: str) -> str:
    kind = get_completion_class(shell)
    assert kind is not None
    return kind(click.Command("steelyard"), {}, "steelyard", COMPLETING).source()


def _place(shell: str, environ: os._Environ[str]) -> Path:
    """Return where a shell looks for completions of its own accord; zsh has no such place of a user."""
    data = Path(environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    settings = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return {
        "bash": data / "bash-completion/completions/steelyard",
        "zsh": data / "steelyard/completion.zsh",
        "fish": settings / "fish/completions/steelyard.fish",
    }[shell]


def _source(rc: Path, script: Path) -> None:
    """Have zsh read the script at its start; said once, however often it is installed."""
    known = rc.read_text(encoding="utf-8") if rc.exists() else ""
    if _MARK in known:
        return
    begin = "\n" if known and not known.endswith("\n") else ""
    with rc.open("a", encoding="utf-8") as out:
        out.write(
            f"{begin}{_MARK}\nautoload -Uz compinit && compinit -C\n[ -r '{script}' ] && source '{script}'\n"
        )


def prepare(command: click.Command) -> None:
    """Let the parameters of a command, and of those below it, be completed from the portfolio file."""
    for parameter in command.params:
        offered = _OFFERED.get(f"{command.name} {parameter.name}", _OFFERED.get(parameter.name or ""))
        if offered is not None:
            # The method of the one parameter: click takes an answer of ours at its making only.
            setattr(parameter, "shell_complete", _completing(offered))  # noqa: B010
    if isinstance(command, click.Group):
        for below in command.commands.values():
            prepare(below)


Offered = Callable[["Portfolio | None", str], Iterable[str]]


def _completing(offered: Offered) -> Callable[[click.Context, str], list[CompletionItem[str]]]:
    def complete(context: click.Context, begun: str) -> list[CompletionItem[str]]:
        found = offered(_portfolio(context), begun)
        fitting = [word for word in found if word.lower().startswith(begun.lower())]
        # Bash takes a word as it stands, after click's script has read one of its backslashes away.
        in_bash = os.environ.get(COMPLETING, "").startswith("bash")
        return [CompletionItem(word.replace(" ", "\\\\ ") if in_bash else word) for word in fitting]

    return complete


def _portfolio(context: click.Context) -> Portfolio | None:
    """Return the portfolio that a command line is about; None where there is none that can be read."""
    given = context.params
    path = next(
        (given[key] for key in ("portfolio", "file", "path") if isinstance(given.get(key), Path)), None
    )
    try:
        return steelyard.load(path or Path("portfolio.toml"), need_accounts=False)
    except SteelyardError:
        return None


def _symbols(portfolio: Portfolio | None, begun: str) -> list[str]:
    """Return the symbols of the file; with two letters typed, those of the catalogue too."""
    own = [] if portfolio is None else sorted({*portfolio.targets, *portfolio.instruments})
    return own or ([one.symbol for one in steelyard.find(begun).found] if len(begun) > 1 else [])


def _accounts(portfolio: Portfolio | None, begun: str) -> list[str]:
    return [] if portfolio is None else [account.name for account in portfolio.accounts]


def _pairs(portfolio: Portfolio | None, begun: str) -> list[str]:
    return [f"{symbol}=" for symbol in _symbols(portfolio, begun)]


def _words(portfolio: Portfolio | None, begun: str) -> list[str]:
    return [*KINDS, *_symbols(portfolio, begun)]


def _policies(portfolio: Portfolio | None, begun: str) -> list[str]:
    return list(POLICIES)


def _models(portfolio: Portfolio | None, begun: str) -> list[str]:
    return [model.name for model in steelyard.models().models]


_OFFERED: dict[str, Offered] = {
    "symbol": _symbols,
    "account": _accounts,
    "accounts": _accounts,
    "record words": _words,
    "set words": _pairs,
    "policies": _policies,
    "prices": _pairs,
    "targets": _pairs,
    "model_name": _models,
    "name": _models,
}
"""Name of a parameter to what it is offered."""
