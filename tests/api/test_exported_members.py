"""The library's names are listed, documented and typed; the words of its types are those that are read."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

import steelyard
from steelyard.adapters.files import accounts, lots, portfolio, settings
from steelyard.adapters.files.settings import COST_KEYS
from steelyard.api import tables
from steelyard.app.automation.schedule import KINDS as SCHEDULERS
from steelyard.domain import accounts as account_words
from steelyard.domain.books import entry_text, ledger
from steelyard.domain.objective import OBJECTIVES, OF_NEW_MONEY, ObjectiveName
from steelyard.domain.policy import looks, policies
from steelyard.domain.tax import codes

ROOT = Path(__file__).parent.parent.parent
FUNCTIONS = [name for name in steelyard.__all__ if name != "__version__"]
PLACED = {
    "anchor_audit",
    "approve",
    "arm",
    "audit",
    "backup",
    "cancel",
    "check_prices",
    "disarm",
    "doctor",
    "execute",
    "fetch_prices",
    "follow_orders",
    "halt",
    "history",
    "import_",
    "install_schedule",
    "load",
    "masked",
    "new_targets",
    "notifications",
    "open_journal",
    "orders",
    "record",
    "remove_schedule",
    "replay",
    "restore",
    "resume",
    "run",
    "save_plan",
    "schedule_text",
    "scheduled",
    "set_price",
    "stored_prices",
    "sync",
    "targets_from_holdings",
    "trade_report",
    "try_services",
    "undo",
    "values",
    "verify_audit",
    "write_targets",
}
"""What works beside a portfolio file; everything else is handed values and looks at no file."""


def test_the_names_are_listed_in_order_and_once():
    assert steelyard.__all__ == sorted(steelyard.__all__, key=lambda name: (name != "__version__", name))
    assert len(set(steelyard.__all__)) == len(steelyard.__all__)


def test_every_public_function_of_the_rooms_is_a_name_of_the_library():
    """As httpx holds its `__all__`: what is public somewhere inside is public at the door, and back.

    `steelyard.batch` is a room of its own, see `test_batch.py`, and `bucket_tasks` what its workers are sent;
    `serving` is what the page asks for.
    """
    found = {
        node.name
        for room in (ROOT / "src" / "steelyard" / "api").glob("*.py")
        for node in ast.parse(room.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and room.stem not in ("reading", "batch", "bucket_tasks", "serving")
    }
    assert found == set(FUNCTIONS)


def test_importing_the_library_imports_nothing_of_it():
    code = "import sys, steelyard; print([m for m in sys.modules if m.startswith('steelyard.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_says_what_it_does_and_what_each_argument_is(name):
    function = getattr(steelyard, name)
    doc = inspect.getdoc(function)
    assert doc
    assert re.match(r"[A-Z].*[.:]$", doc.splitlines()[0])
    given = [p for p in inspect.signature(function).parameters if p != "path"]
    told = doc.split("Args:")[-1] if "Args:" in doc else doc
    missing = [p for p in given if not re.search(rf"\b{p}\b", told)]
    assert missing == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_typed_throughout(name):
    function = getattr(steelyard, name)
    parameters = inspect.signature(function).parameters.values()
    assert all(p.annotation is not inspect.Parameter.empty for p in parameters)
    assert inspect.signature(function).return_annotation is not inspect.Signature.empty


@pytest.mark.parametrize("name", FUNCTIONS)
def test_only_what_works_beside_a_file_takes_a_path_and_takes_it_first(name):
    parameters = list(inspect.signature(getattr(steelyard, name)).parameters)
    assert ("path" in parameters) == (name in PLACED)
    assert name not in PLACED or parameters[0] == "path"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_named_in_the_guide(name):
    guide = (ROOT / "docs" / "guides" / "library.md").read_text(encoding="utf-8")
    assert re.search(rf"`{name}`|steelyard\.{name}\(", guide)


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (account_words.AccountKind, set(codes.account_kinds(None))),
        (account_words.CostMethod, set(account_words.METHODS)),
        (tables.Jurisdiction, set(codes.ACCOUNT_KINDS)),
        (policies.PolicyKind, set(policies.KINDS)),
        (looks.Look, set(looks.LOOKS)),
        (looks.LookAt, set(looks.LOOK_ATS)),
        (policies.Destination, set(policies.DESTINATIONS)),
        (ledger.EntryKind, set(ledger.KINDS)),
        (ObjectiveName, set(OBJECTIVES)),
        (tables.Method, set(OF_NEW_MONEY)),
    ],
    ids=lambda value: "",
)
def test_the_words_of_a_type_are_those_that_are_read(words, known):
    assert set(get_args(words)) == known


def test_the_schedulers_of_the_type_are_those_there_are():
    from steelyard.api.automation import Scheduler

    assert set(get_args(Scheduler)) == set(SCHEDULERS)


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        (tables.PositionTable, accounts.POSITION_KEYS),
        (tables.AccountTable, accounts.ACCOUNT_KEYS),
        (tables.LotTable, lots.LOT_KEYS),
        (tables.InstrumentTable, accounts.INSTRUMENT_KEYS),
        (tables.PolicyTable, settings.POLICY_KEYS),
        (tables.ConstraintsTable, settings.CONSTRAINT_KEYS),
        (tables.CostsTable, COST_KEYS),
        (tables.EntryFields, entry_text.COLUMNS),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_keys_of_a_table_are_those_of_the_file(table, keys):
    assert set(get_type_hints(table)) == set(keys)


def test_build_takes_every_table_of_the_file():
    assert {"base_currency", "targets", "accounts", *get_type_hints(tables.Tables)} == set(portfolio.KEYS)
