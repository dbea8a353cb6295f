"""The tables of orders in `steelyard.db`, as steps that are only ever appended to."""

from __future__ import annotations

from steelyard.adapters.database.migrations import Part

STEPS: tuple[str, ...] = (
    """
    CREATE TABLE saved_plans (
        id TEXT PRIMARY KEY, text TEXT NOT NULL, saved_at TEXT NOT NULL, finished_at TEXT
    ) STRICT;
    CREATE TABLE orders (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, plan TEXT NOT NULL REFERENCES saved_plans,
        account TEXT NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL, shares TEXT NOT NULL,
        price_limit TEXT, currency TEXT NOT NULL, exchange TEXT NOT NULL, leg INTEGER NOT NULL,
        state TEXT NOT NULL, filled TEXT NOT NULL, paid TEXT NOT NULL, fees TEXT NOT NULL,
        broker_id TEXT NOT NULL, note TEXT NOT NULL, sent_at TEXT
    ) STRICT;
    CREATE TABLE order_events (
        number INTEGER PRIMARY KEY, order_id TEXT NOT NULL REFERENCES orders (id), event TEXT NOT NULL,
        state TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL
    ) STRICT;
    CREATE TABLE fills (
        account TEXT NOT NULL, id TEXT NOT NULL, order_id TEXT NOT NULL, broker_id TEXT NOT NULL,
        symbol TEXT NOT NULL, side TEXT NOT NULL, shares TEXT NOT NULL, price TEXT NOT NULL,
        currency TEXT NOT NULL, fees TEXT NOT NULL, at TEXT NOT NULL, settles_on TEXT NOT NULL,
        PRIMARY KEY (account, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE approvals (
        plan TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (plan, who)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE audit (
        number INTEGER PRIMARY KEY, text TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL
    ) STRICT;
    CREATE TABLE execution_state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'append-only'); END;
    CREATE TRIGGER audit_keeps BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'append-only'); END;
    CREATE TRIGGER events_stay BEFORE UPDATE ON order_events BEGIN SELECT RAISE(ABORT, 'append-only'); END;
    CREATE TRIGGER events_keep BEFORE DELETE ON order_events BEGIN SELECT RAISE(ABORT, 'append-only'); END;
    CREATE TRIGGER fills_stay BEFORE UPDATE ON fills BEGIN SELECT RAISE(ABORT, 'append-only'); END;
    CREATE TRIGGER fills_keep BEFORE DELETE ON fills BEGIN SELECT RAISE(ABORT, 'append-only'); END;
    """,
    """
    ALTER TABLE saved_plans ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE orders ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
    CREATE TABLE plan_approvals (
        plan TEXT NOT NULL, attempt INTEGER NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL,
        proven INTEGER NOT NULL, PRIMARY KEY (plan, attempt, who)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO plan_approvals SELECT plan, 1, who, at, 0 FROM approvals;
    DROP TABLE approvals;
    CREATE TABLE order_questions (
        order_id TEXT PRIMARY KEY REFERENCES orders (id), asked INTEGER NOT NULL, next_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
)
EXECUTION = Part("execution", STEPS)
