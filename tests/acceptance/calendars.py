"""Exchanges that trade on the days a test says: fakes of the `Sessions` port."""


class OpenOn:
    """Trades on the days it is told, whatever the exchange."""

    def __init__(self, *days):
        self.days = frozenset(days)

    def is_session(self, exchange, day):
        return day in self.days


class Weekdays:
    """Trades on every weekday but the (exchange, day) pairs it is told."""

    def __init__(self, *closed):
        self.closed = closed

    def is_session(self, exchange, day):
        return day.weekday() < 5 and (exchange, day) not in self.closed
