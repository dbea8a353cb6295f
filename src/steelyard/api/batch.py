"""Many accounts: each judged and planned as it would be alone, from Arrow to Arrow.

    from steelyard import batch
    for planned in batch.plan(accounts, models, prices, base_currency="USD"):
        ...

Tables are whatever holds Arrow columns: `pyarrow`, Polars, DuckDB, pandas; numbers are decimals, whole
numbers, text, or floats by their shortest decimal.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from steelyard import __version__, bootstrap
from steelyard.api import reading
from steelyard.api.bucket_tasks import BucketTask, PreparedBucket, book_of, opened_once, packed_of
from steelyard.api.reading import Money
from steelyard.domain.days import within
from steelyard.domain.money import is_currency
from steelyard.errors import InputError
from steelyard.extras import ExtraMissing, is_there
from steelyard.words import say

if TYPE_CHECKING:
    import pyarrow as pa

    from steelyard.app.batch.book import Terms
    from steelyard.app.batch.prepare import Prepared
    from steelyard.app.batch.run import Tally
    from steelyard.app.batch.what_if import WhatIf
    from steelyard.ports.batch import Engine, Work

Progress = Callable[[int, int], None]
EngineName = Literal["threads", "dask", "ray"]
ENGINES: tuple[str, ...] = get_args(EngineName)
__all__ = ["check", "check_work", "plan", "plan_work", "prepare", "reconcile", "trades", "what_if"]


def plan(
    accounts: Any,
    models: Any,
    prices: Any,
    *,
    base_currency: str,
    as_of: date,
    rates: Any = None,
    instruments: Any = None,
    owners: Any = None,
    commission: Money = 0,
    min_commission: Money = 0,
    fx_spread: Money = 0,
    accept_drift: Money | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yield one row an account, in the order they come: its plan as `plan --policy-gate` makes it, exact.

    An account that is not due is in band; but new money (`cash_flow` above zero) is then spent as `invest`
    does, and money taken out raised as `withdraw` does. One that cannot be planned is refused with the code
    that its portfolio file would be refused with, and stops no other. Nothing is read or written, no global
    is touched, and the interpreter lock is released while plans are searched.

    Args:
        accounts: Record batches, a table, or a frame, one row an account: `account`, `model`, `positions`
            (list of struct of symbol and shares, and `lots`, a list of struct of bought, shares, unit_cost
            and fx), `cash` (list of struct of currency and amount, or a number in base currency), and any of
            `cash_flow`, `reserve`, `min_trade` (base currency), `can_sell`, `can_buy`, `last_rebalance`,
            `locked` (list), `fractional`, `household`, `owner`, `kind`.
        models: `model`, `symbol`, `target` (fraction), and `policy` (text), `fractional`.
        prices: `symbol`, `price` in its own currency, and `priced_on`.
        base_currency: Everything is valued in it, ISO 4217.
        as_of: The day of every plan: the same tables then always give the same plans.
        rates: `pair` (`USDKRW`) and `rate`.
        instruments: `symbol`, and any of `currency`, `exchange`, `step` (1, or 1e-9 where shares are
            divided), `asset_class`, for what the catalogue does not know.
        owners: `owner`, `jurisdiction` and the other keys of [tax]: how the persons that accounts name are
            taxed; `me` for accounts that name nobody. Without it nothing is taxed.
        commission, fx_spread: Fractions of the traded and of the converted value.
        min_commission: Least commission of a trade, base currency.
        accept_drift: How much further from target than the nearest plan is near enough for less tax and cost;
            unless given 0.5 % for households and where tax is known, else 0.

    Yields:
        `account`, `status` (planned, in_band, refused), `code`, `reason`, `total_value`, `misplaced_before`,
        `misplaced_after`, `objective`, `bound`, `proven`, `trades` (count), `costs`, `cash_after`,
        `taxes` (what the account's sales add to the year's, null where nobody knows or is taxed), `tax_note`,
        and `orders`, a list of structs of symbol, side, shares, price, amount and cost; `trades` turns those
        into rows. Numbers are `decimal128` of twelve places.

    Raises:
        PortfolioProblems: Models, prices, rates or instruments are wrong, with every problem of them.
        InputError: Accounts lack a column (`batch-column`) or are no table (`batch-table`).
        ExtraMissing: `steelyard[batch]` is not installed.
    """
    terms = _terms(base_currency, as_of, commission, min_commission, fx_spread, accept_drift)
    book = packed_of(terms, models, prices, rates, instruments, owners)
    from steelyard.app.batch.plan import plan_batches

    return plan_batches(book, _batches(accounts), plans=True)


def check(
    accounts: Any,
    models: Any,
    prices: Any,
    *,
    base_currency: str,
    as_of: date,
    rates: Any = None,
    instruments: Any = None,
    owners: Any = None,
) -> Iterator[pa.RecordBatch]:
    """Yield one row an account: whether it is due, and why.

    Args:
        accounts, models, prices, base_currency, as_of, rates, instruments, owners: As for `plan`.

    Yields:
        `account`, `status` (due, in_band, refused), `code`, `reason`, `total_value`, `misplaced_before`.

    Raises:
        PortfolioProblems, InputError, ExtraMissing: As for `plan`.
    """
    book = packed_of(_terms(base_currency, as_of), models, prices, rates, instruments, owners)
    from steelyard.app.batch.plan import plan_batches

    return plan_batches(book, _batches(accounts), plans=False)


def trades(planned: pa.RecordBatch) -> pa.RecordBatch:
    """Return the orders of planned accounts, one row each: `account` and what stands in `orders`.

    Args:
        planned: A batch that `plan` gave.
    """
    _need_extra()
    from steelyard.app.batch.answer_rows import trades_of

    return trades_of(planned)


def prepare(
    tables: str | Path,
    work: str | Path,
    *,
    base_currency: str,
    as_of: date,
    commission: Money = 0,
    min_commission: Money = 0,
    fx_spread: Money = 0,
    accept_drift: Money | None = None,
    refuse: bool = False,
    threads: int | None = None,
    engine: EngineName = "threads",
    address: str | None = None,
    said: Progress | None = None,
) -> Prepared:
    """Bring a platform's tables into buckets of whole accounts, with a manifest that vouches for them.

    Args:
        tables: Folder of `positions` (account, symbol, shares, in any order; `lot_date`, `lot_cost` and
            `lot_fx` where there is a row for each lot), `accounts`, `models`, `prices`, and perhaps `rates`,
            `instruments` and `owners`: each NAME.parquet or a folder NAME of Parquet files.
        work: Folder for the buckets; what an earlier run left in it is replaced.
        base_currency, as_of, commission, min_commission, fx_spread, accept_drift: As for `plan`.
        refuse: Let accounts through that cannot be planned; `plan_work` then refuses them one by one.
        threads: Buckets put together at a time; as many as there are processors unless given.
        engine, address: As for `plan_work`: what puts buckets together. The tables are split by this process.
        said: Told how many buckets are done, and of how many.

    Raises:
        PortfolioProblems: Tables or accounts are wrong, with every problem, examples and counts.
        InputError: A table or a column is missing (`batch-table`, `batch-column`), or something else is in
            the folder (`batch-folder`).
    """
    _need_extra()
    from steelyard.app.batch.prepare import SMALL
    from steelyard.app.batch.prepare import prepare as prepared

    given = bootstrap.batch_tables(Path(tables))
    terms = _terms(base_currency, as_of, commission, min_commission, fx_spread, accept_drift)
    small = {name: given.table(name) for name in SMALL}
    missing = [name for name in ("models", "prices") if small[name] is None]
    if missing:
        next(given.stream(missing[0]))  # The reader of tables says it best.
    book = packed_of(terms, *small.values())
    carried = _engine(engine, threads, address)
    tables, work = Path(tables).absolute(), Path(work).absolute()
    return prepared(
        given,
        bootstrap.batch_work(work, new=True),
        book,
        lambda split_up: PreparedBucket(tables, work, terms, book, split_up),
        engine=carried,
        version=__version__,
        refuse=refuse,
        said=said or _silent,
    )


def check_work(
    work: str | Path,
    *,
    threads: int | None = None,
    engine: EngineName = "threads",
    address: str | None = None,
    said: Progress | None = None,
) -> Tally:
    """Say of all accounts of prepared work how many are due, and why.

    Args:
        work: Folder that `prepare` made.
        threads: Buckets at a time; as many as there are processors unless given.
        engine, address: As for `plan_work`.
        said: Told how many accounts are done, and of how many.

    Raises:
        InputError: The work was not prepared to its end, or changed since (`batch-manifest`,
            `batch-changed`).
    """
    _need_extra()
    from steelyard.app.batch.run import check_work as checked

    carried, work = _engine(engine, threads, address), Path(work).absolute()
    place, digest = _begun(work)
    return checked(place, BucketTask("check", work, None, digest), engine=carried, said=said or _silent)


def plan_work(
    work: str | Path,
    out: str | Path,
    *,
    threads: int | None = None,
    engine: EngineName = "threads",
    address: str | None = None,
    said: Progress | None = None,
) -> Tally:
    """Plan every account of prepared work that is not planned yet, into `out/plans` and `out/trades`.

    A bucket is done when its files are there whole. Whatever was interrupted is done by calling it again,
    with the same bytes in the end.

    Args:
        work: Folder that `prepare` made.
        out: Folder for plans and trades, for this work alone.
        threads: Buckets at a time; as many as there are processors unless given.
        engine: What carries the tasks out, one for each bucket: threads of this process, or processes of a
            Dask or Ray cluster, which gives a lost worker's task to another. The bytes are the same.
        address: Of a cluster that runs already, where `work` and `out` are the same folders on every machine
            and Steelyard is installed; without it one starts on this machine and ends with the call.
        said: Told how many accounts are done, and of how many.

    Raises:
        InputError: As for `check_work`; `out` holds other work (`batch-folder`); no cluster answers at the
            address, or there are none to address (`batch-engine`).
        ExtraMissing: The engine is not installed (`steelyard[dask]`, `steelyard[ray]`).
    """
    _need_extra()
    from steelyard.app.batch.run import plan_work as planned

    carried = _engine(engine, threads, address)
    work, out = Path(work).absolute(), Path(out).absolute()
    place, digest = _begun(work)
    results, task = bootstrap.batch_results(out), BucketTask("plan", work, out, digest)
    return planned(place, results, task, engine=carried, said=said or _silent)


def _begun(work: Path) -> tuple[Work, str]:
    """Return prepared work and its digest, its book read before threads would each do it."""
    place = bootstrap.batch_work(work)
    digest = str(place.manifest()["digest"])
    opened_once(work, digest)
    return place, digest


def _engine(name: str, threads: int | None, address: str | None) -> Engine:
    if name not in ENGINES or (address is not None and name == "threads"):
        raise InputError(
            "batch-engine",
            say("the engine {name} is not one of {known}", name=name, known=", ".join(ENGINES))
            if name not in ENGINES
            else say("threads have no address"),
            say("name one of {known}; dask and ray take an address", known=", ".join(ENGINES)),
        )
    return bootstrap.batch_engine(name, threads or _processors(), address)


def reconcile(
    work: str | Path,
    out: str | Path,
    *,
    threads: int | None = None,
    engine: EngineName = "threads",
    address: str | None = None,
    said: Progress | None = None,
) -> Tally:
    """Prove that every account is planned, in band or refused, once, and that its shares and cash add up.

    Args:
        work: Folder that `prepare` made.
        out: Folder that `plan_work` filled; `report.json` is written there.
        threads, engine, address, said: As for `check_work`.

    Raises:
        PortfolioProblems: Something does not hold (`batch-reconcile`), all of it together.
        InputError: As for `check_work`.
    """
    _need_extra()
    from steelyard.app.batch.reconcile import reconcile as reconciled

    carried = _engine(engine, threads, address)
    work, out = Path(work).absolute(), Path(out).absolute()
    place, digest = _begun(work)
    results, task = bootstrap.batch_results(out), BucketTask("reconcile", work, out, digest)
    return reconciled(place, results, task, engine=carried, said=said or _silent)


def what_if(
    work: str | Path, models: Any, *, threads: int | None = None, said: Progress | None = None
) -> WhatIf:
    """Say what other models or policies would have all accounts do, beside those of the work.

    Args:
        work: Folder that `prepare` made.
        models: The table `models` with other targets or policies, under the names that accounts use; or the
            path of its Parquet file.
        threads, said: As for `check_work`.

    Returns:
        For both: how many accounts trade, orders, turnover, costs, and the mean misplaced share before and
        after.

    Raises:
        PortfolioProblems: The other models are wrong.
        InputError: As for `check_work`.
    """
    _need_extra()
    from steelyard.app.batch.prepare import SMALL, terms_of
    from steelyard.app.batch.what_if import what_if as compared

    place = bootstrap.batch_work(Path(work))
    if isinstance(models, str | Path):
        models = bootstrap.batch_table(Path(models))
    kept = place.manifest()["tables"]
    small = (place.table(kept.get(name)) for name in SMALL if name != "models")
    other = packed_of(terms_of(place.manifest()), models, *small)
    return compared(place, book_of(place), other, threads=threads or _processors(), said=said or _silent)


def _silent(done: int, of: int) -> None:
    """Say nothing of the progress."""


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _need_extra() -> None:
    for package in ("pyarrow", "numba"):
        if not is_there(package):
            raise ExtraMissing("batch", say("a batch of accounts"), package)


def _terms(
    base_currency: str,
    as_of: date,
    commission: Money = 0,
    min_commission: Money = 0,
    fx_spread: Money = 0,
    accept_drift: Money | None = None,
) -> Terms:
    _need_extra()
    if not is_currency(base_currency):
        raise InputError(
            "currency",
            say("{raw!r} is no currency code", raw=base_currency),
            say('write "USD" or "KRW"'),
        )
    from steelyard.app.batch.book import Terms

    return Terms(
        base_currency=base_currency,
        as_of=_day(as_of),
        commission=reading.fraction(commission),
        min_commission=reading.amount(min_commission),
        fx_spread=reading.fraction(fx_spread),
        accept_drift=None if accept_drift is None else reading.fraction(accept_drift),
    )


def _day(day: date) -> date:
    try:
        return within(day)
    except ValueError as error:
        raise InputError("date", error.args[0], say("give a day such as 2026-11-23")) from None


def _batches(accounts: Any) -> Iterable[pa.RecordBatch]:
    """Return account rows as record batches: what streams goes on streaming."""
    import pyarrow as pa

    from steelyard.app.batch.tables import arrow_table

    found: Iterable[pa.RecordBatch]
    listed = isinstance(accounts, list) and accounts and isinstance(accounts[0], pa.RecordBatch)
    if listed or isinstance(accounts, Iterator | pa.RecordBatchReader):
        found = accounts
    elif hasattr(accounts, "__arrow_c_stream__") and not isinstance(accounts, pa.Table):
        found = pa.RecordBatchReader.from_stream(accounts)
    else:
        found = arrow_table(accounts).to_batches()
    return found
