"""The tables of the journal in `steelyard.db`, as steps that are only ever appended to."""

from __future__ import annotations

from steelyard.adapters.database.migrations import Part

_FIRST_KINDS = (
    "'buy', 'sell', 'dividend', 'deposit', 'withdrawal', 'split', 'convert', 'transfer_in', "
    "'transfer_out', 'fee'"
)
_DAY = "GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'"

STEPS: tuple[str, ...] = (
    f"""
    CREATE TABLE batches (
        number INTEGER PRIMARY KEY, source TEXT NOT NULL, recorded_at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE entries (
        number INTEGER PRIMARY KEY,
        content_id TEXT NOT NULL UNIQUE,
        batch INTEGER NOT NULL REFERENCES batches,
        takes_back INTEGER UNIQUE REFERENCES entries CHECK (takes_back < number),
        traded_on TEXT NOT NULL CHECK (traded_on {_DAY}),
        account TEXT NOT NULL CHECK (account <> ''),
        kind TEXT NOT NULL CHECK (kind IN ({_FIRST_KINDS})),
        symbol TEXT NOT NULL, shares TEXT NOT NULL, price TEXT, currency TEXT NOT NULL, fees TEXT NOT NULL,
        fx_rate TEXT, tax_base_price TEXT, lot TEXT CHECK (lot {_DAY}), note TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER entries_stay BEFORE UPDATE ON entries
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TRIGGER entries_remain BEFORE DELETE ON entries
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TRIGGER batches_stay BEFORE UPDATE ON batches
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TRIGGER batches_remain BEFORE DELETE ON batches
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    """,
    f"""
    ALTER TABLE entries ADD COLUMN ex_date TEXT CHECK (ex_date {_DAY});
    ALTER TABLE entries ADD COLUMN gift_value TEXT;
    ALTER TABLE entries ADD COLUMN gift_tax TEXT;
    ALTER TABLE entries ADD COLUMN order_id TEXT NOT NULL DEFAULT '';
    """,
    # A constraint cannot be changed in place. Which kinds there are is checked where entries are read, so
    # that the next kind needs no new table again.
    f"""
    PRAGMA defer_foreign_keys = ON;
    CREATE TABLE entries_of_any_kind (
        number INTEGER PRIMARY KEY,
        content_id TEXT NOT NULL UNIQUE,
        batch INTEGER NOT NULL REFERENCES batches,
        takes_back INTEGER UNIQUE REFERENCES entries_of_any_kind CHECK (takes_back < number),
        traded_on TEXT NOT NULL CHECK (traded_on {_DAY}),
        account TEXT NOT NULL CHECK (account <> ''),
        kind TEXT NOT NULL CHECK (kind <> ''),
        symbol TEXT NOT NULL, shares TEXT NOT NULL, price TEXT, currency TEXT NOT NULL, fees TEXT NOT NULL,
        fx_rate TEXT, tax_base_price TEXT, lot TEXT CHECK (lot {_DAY}), note TEXT NOT NULL,
        ex_date TEXT CHECK (ex_date {_DAY}), gift_value TEXT, gift_tax TEXT,
        order_id TEXT NOT NULL DEFAULT '',
        per TEXT, other TEXT NOT NULL DEFAULT '', part TEXT
    ) STRICT;
    INSERT INTO entries_of_any_kind
        (number, content_id, batch, takes_back, traded_on, account, kind, symbol, shares, price, currency,
         fees, fx_rate, tax_base_price, lot, note, ex_date, gift_value, gift_tax, order_id)
        SELECT number, content_id, batch, takes_back, traded_on, account, kind, symbol, shares, price,
         currency, fees, fx_rate, tax_base_price, lot, note, ex_date, gift_value, gift_tax, order_id
        FROM entries ORDER BY number;
    DROP TRIGGER entries_stay;
    DROP TRIGGER entries_remain;
    DROP TABLE entries;
    ALTER TABLE entries_of_any_kind RENAME TO entries;
    CREATE TRIGGER entries_stay BEFORE UPDATE ON entries
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TRIGGER entries_remain BEFORE DELETE ON entries
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    """,
    "ALTER TABLE entries ADD COLUMN receiver TEXT NOT NULL DEFAULT '';",
    """
    ALTER TABLE entries ADD COLUMN foreign_tax TEXT;
    ALTER TABLE entries ADD COLUMN foreign_rate TEXT;
    """,
)
"""Each step brings the tables from one version to the next; steps are only ever appended."""
JOURNAL = Part("journal", STEPS, in_header=True)
