"""The tables of automation in `steelyard.db`, as steps that are only ever appended to."""

from __future__ import annotations

from steelyard.adapters.database.migrations import Part

STEPS: tuple[str, ...] = (
    """
    CREATE TABLE price_answers (
        id INTEGER PRIMARY KEY, symbol TEXT NOT NULL, currency TEXT NOT NULL, source TEXT NOT NULL,
        asked_at TEXT NOT NULL, failure TEXT, raw TEXT NOT NULL, findings TEXT
    ) STRICT;
    CREATE TABLE closes (
        symbol TEXT NOT NULL, day TEXT NOT NULL, source TEXT NOT NULL, price TEXT NOT NULL,
        currency TEXT, split TEXT NOT NULL, answer INTEGER NOT NULL REFERENCES price_answers,
        PRIMARY KEY (symbol, day, source)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY, portfolio TEXT NOT NULL, look TEXT, started_at TEXT NOT NULL,
        step TEXT NOT NULL, finished_at TEXT, outcome TEXT, detail TEXT
    ) STRICT;
    CREATE TABLE valuations (
        portfolio TEXT NOT NULL, day TEXT NOT NULL, run INTEGER NOT NULL REFERENCES runs,
        currency TEXT NOT NULL, total TEXT NOT NULL, cash TEXT NOT NULL, largest_drift TEXT NOT NULL,
        misplaced TEXT NOT NULL, due INTEGER NOT NULL, drifts TEXT NOT NULL, priced_on TEXT NOT NULL,
        PRIMARY KEY (portfolio, day)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY, portfolio TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
        title TEXT NOT NULL, body TEXT NOT NULL, created_at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE alerts (
        portfolio TEXT NOT NULL, key TEXT NOT NULL, level TEXT NOT NULL, since TEXT NOT NULL,
        told_at TEXT NOT NULL, message INTEGER NOT NULL REFERENCES messages,
        PRIMARY KEY (portfolio, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE deliveries (
        message INTEGER NOT NULL REFERENCES messages, service TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'given_up')),
        attempts INTEGER NOT NULL DEFAULT 0, next_at TEXT NOT NULL, detail TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (message, service)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE attempts (
        message INTEGER NOT NULL REFERENCES messages, service TEXT NOT NULL, number INTEGER NOT NULL,
        started_at TEXT NOT NULL, ended_at TEXT, outcome TEXT, detail TEXT,
        PRIMARY KEY (message, service, number)
    ) STRICT, WITHOUT ROWID;
    """,
    "ALTER TABLE messages ADD COLUMN picture BLOB;",
    "ALTER TABLE valuations ADD COLUMN content TEXT NOT NULL DEFAULT '';",
    "CREATE INDEX price_answers_newest ON price_answers (symbol, source);",
)

AUTOMATION = Part("automation", STEPS)
