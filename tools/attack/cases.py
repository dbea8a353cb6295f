"""One case of an attack: the files in a folder, and the commands that are run there one after the other.

A case is a function of seed and number alone, so that what was found can be shown again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from random import Random

import click
import pieces
import portfolios
import rows
import sizes

from steelyard.interfaces.cli.main import cli

SAMPLES = Path(__file__).parents[2] / "tests" / "presets" / "samples"

LEFT_OUT = {
    ("watch",),
    ("serve",),
    ("mcp",),
    ("lab", "literature"),
    ("lab", "map"),
    ("orders", "watch"),
    ("schedule", "install"),
    ("schedule", "remove"),
    ("notify", "test"),
    ("completion",),
}
"""What never ends by itself, takes its time whatever it is given, or would write outside the folder."""

NEVER_ENDS = ("serve",)
"""Flags that start a server: `demo --serve`."""

READERS = ("check", "plan", "holdings", "tax", "harvest", "invest", "withdraw")


@dataclass
class Case:
    """What is attacked with.

    Attributes:
        kind: What is hostile in it.
        files: Content by name.
        commands: Words of each command.
    """

    kind: str
    files: dict[str, bytes] = field(default_factory=dict)
    commands: list[list[str]] = field(default_factory=list)


def case_of(seed: int, number: int, kinds: tuple[str, ...] = ()) -> Case:
    """Return case `number` of a seed."""
    random = Random(f"{seed}:{number}")
    names = kinds or tuple(KINDS)
    kind = random.choices(names, [KINDS[name][0] or len(kinds) for name in names])[0]
    case = Case(kind)
    KINDS[kind][1](random, case)
    # The operating system itself refuses these, before a command is there.
    case.commands = [
        [w.encode("utf-8", "replace").decode().replace("\0", "") for w in c] for c in case.commands
    ]
    return case


def _portfolio(random: Random, case: Case) -> None:
    case.files["portfolio.toml"] = portfolios.text(random)
    case.commands.append(_reader(random))


def _sizes(random: Random, case: Case) -> None:
    """A household of a silly size, and a command that has to plan it."""
    case.files["portfolio.toml"] = sizes.text(random)
    case.commands.append(sizes.words(random))


def _reader(random: Random) -> list[str]:
    words = [random.choices(READERS, (6, 4, 2, 2, 1, 2, 1))[0]]
    if words[0] in ("invest", "withdraw"):
        words.append(random.choice(("100000", "1000000", "50 USD", "1e17", "1")))
    if random.random() < 0.3:
        words.append("--json")
    if random.random() < 0.2:
        words += ["--lang", "ko"]
    return words


def _honest(random: Random) -> bytes:
    return portfolios.written(random.choice(portfolios.HONEST)()).encode()


def _flags(random: Random, case: Case) -> None:
    """Every command with hostile values in some of its options and arguments."""
    case.files["portfolio.toml"] = _honest(random)
    case.files["prices.csv"] = rows.prices(Random(1))
    case.files["trades.csv"] = rows.native(random)
    if random.random() < 0.4:
        case.commands.append(["init", "--journal"])
    names, command = random.choice(_commands())
    case.commands.append([*names, *_words(random, names, command)])


@lru_cache
def _commands() -> list[tuple[tuple[str, ...], click.Command]]:
    found: list[tuple[tuple[str, ...], click.Command]] = []

    def walk(command: click.Command, names: tuple[str, ...], context: click.Context) -> None:
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                below = command.get_command(context, name)
                assert below is not None
                walk(below, (*names, name), context)
        if (
            names
            and not (isinstance(command, click.Group) and not command.invoke_without_command)
            and names not in LEFT_OUT
        ):
            found.append((names, command))

    walk(cli, (), click.Context(cli))
    return found


def _words(random: Random, names: tuple[str, ...], command: click.Command) -> list[str]:
    words: list[str] = []
    for parameter in command.params:
        argument = isinstance(parameter, click.Argument)
        name = parameter.name or ""
        if name in ("path", "file", "folder", *NEVER_ENDS) or (
            argument and not parameter.required and random.random() < 0.7
        ):
            continue
        if not argument and random.random() < 0.75:
            continue
        option = [] if argument else [random.choice(parameter.opts)]
        if isinstance(parameter, click.Option) and parameter.is_flag:
            words += option
        elif isinstance(parameter.type, click.Choice) and random.random() < 0.9:
            words += [*option, random.choice(list(parameter.type.choices))]
        else:
            many = random.randrange(1, 6) if parameter.nargs == -1 else 1
            words += [*option, *(_typed(random, name, parameter) for _ in range(many))]
    if names[-1] == "import":
        words.append("trades.csv")
    return words


def _typed(random: Random, name: str, parameter: click.Parameter) -> str:
    how = random.random()
    if how < 0.08:
        return pieces.text(random)
    if (
        name in ("as_of", "until", "day", "to", "start", "end", "first", "last_day")
        or "date" in str(parameter.type).lower()
    ):
        return random.choice(pieces.DAYS)
    if name == "policy" or name == "policies":
        return random.choice(pieces.POLICIES)
    if isinstance(parameter.type, click.Path):
        return random.choice(
            ("portfolio.toml", "prices.csv", "out.x", ".", "none", "", "a" * 300, "x/y/z", "\x01")
        )
    if name in ("words", "plan", "symbol", "account", "order", "number", "name", "why", "who"):
        known = (
            "buy",
            "VOO",
            "3",
            "410.20",
            "2026-11-23",
            "deposit",
            "500",
            "USD",
            "SPLIT",
            "1",
            "FOR",
            "0",
            "latest",
            "1/3",
            "main",
        )
        return (
            random.choice((*known, *pieces.TYPED, *pieces.DAYS[:6]))
            if random.random() < 0.8
            else pieces.text(random)
        )
    return random.choice((*pieces.TYPED, "3650000", "99999999999999999999", "5%", "1e17"))


def _journal(random: Random, case: Case) -> None:
    case.files["portfolio.toml"] = _honest(random)
    words = ["import", "trades.csv"]
    if random.random() < 0.5:
        case.files["trades.csv"] = rows.native(random)
    else:
        case.files["trades.csv"] = rows.of_broker(random, _samples())
        words += random.choice(([], [], ["--account", "main"], ["--preview"]))
    if random.random() < 0.6:
        words.append("--open")
    case.commands += [
        words,
        random.choice(
            (["holdings"], ["check"], ["tax"], ["history"], ["history", "--csv"], ["plan"], ["values"])
        ),
    ]


@lru_cache
def _samples() -> list[Path]:
    return sorted(p for p in SAMPLES.iterdir() if p.is_file())


def _prices(random: Random, case: Case) -> None:
    case.files["portfolio.toml"] = _honest(random)
    case.files["prices.csv"] = rows.prices(random)
    policy = ["--policy", random.choice(pieces.POLICIES)] if random.random() < 0.5 else []
    case.commands.append(
        [
            "backtest",
            "--prices",
            "prices.csv",
            "--before-tax",
            *policy,
            *random.choice(([], ["--json"], ["--whole"])),
        ]
    )


def _map(random: Random, case: Case) -> None:
    case.files["portfolio.toml"] = _honest(random)
    case.files["map.toml"] = rows.column_map(random)
    case.files["trades.csv"] = rows.native(random)
    case.commands.append(
        ["import", "trades.csv", "--map", "map.toml", *random.choice(([], ["--open"], ["--preview"]))]
    )


def _automation(random: Random, case: Case) -> None:
    """Files beside the portfolio file, and the commands that read them."""
    case.files["portfolio.toml"] = _honest(random)
    name = random.choice(("automation.toml", "execution.toml"))
    keys = (
        "urls", "services", "source", "sources", "max_age_days", "look", "hours", "poll_seconds",
    "broker", "mode", "account",
        "max_order", "max_day", "collar", "name", "language", "quiet", "every", "keep_days",
    "timeout_seconds", "''",
    )  # fmt: skip
    sections = (
        "notify",
        "prices",
        "run",
        "schedule",
        "accounts",
        "limits",
        "brokers",
        "approval",
        "orders",
        "x",
    )
    lines = []
    for _ in range(random.randrange(1, 4)):
        lines.append(random.choice(("[{}]", "[[{}]]")).format(random.choice(sections)))
        lines += [f"{random.choice(keys)} = {_setting(random)}" for _ in range(random.randrange(4))]
    data = "\n".join(lines).encode("utf-8", "replace")
    case.files[name] = pieces.damaged(random, data) if random.random() < 0.2 else data
    case.commands.append(
        random.choice(
            (
                ["doctor"],
                ["notify", "list"],
                ["orders"],
                ["schedule", "install", "--print", "cron"],
                ["prices", "show"],
            )
        )
    )


def _setting(random: Random) -> str:
    return random.choice((pieces.number, pieces.toml_text))(random)


KINDS: dict[str, tuple[int, Callable[[Random, Case], None]]] = {
    "portfolio": (45, _portfolio),
    "flags": (22, _flags),
    "journal": (15, _journal),
    "prices": (8, _prices),
    "map": (5, _map),
    "automation": (5, _automation),
    "sizes": (0, _sizes),
}
"""What can be hostile, with how often in a hundred cases; `sizes` only where it is asked for, as
the tests do: a case takes a second."""
