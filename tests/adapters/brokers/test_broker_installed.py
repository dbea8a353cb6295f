"""A broker of a package that somebody installed keeps the contract, opened as `execute` opens it.

The package is a stranger's: it is found by its entry point and gets nothing but a `BrokerOpening`. Its market
is the paper account, so that the contract can say what the market does.
"""

import sys
from datetime import timedelta
from decimal import Decimal

import pytest

from acceptance.broker_contract import MOMENT, BrokerContract, House
from steelyard.adapters.machine import plugins
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.adapters.machine.secret_store import SecretStore
from steelyard.domain.portfolio import Account
from steelyard.errors import InputError
from steelyard.ports.trading import BrokerOpening

D = Decimal
PACKAGE = """
from decimal import Decimal

from steelyard.adapters.brokers.paper import PaperBroker

PRICES = {"VOO": Decimal(500), "TLT": Decimal(90)}


def open_broker(opening):
    return PaperBroker(
        opening.folder / "bench.db",
        opening.account.name,
        prices=PRICES.get,
        now=opening.clock.now,
        sessions=opening.sessions,
    )
"""


class Clock:
    at = MOMENT

    def now(self):
        return self.at

    def wait(self, seconds):
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    info = tmp_path / "site" / "bench-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bench\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[steelyard.brokers]\nbench = bench_broker:open_broker\n")
    (tmp_path / "site" / "bench_broker.py").write_text(PACKAGE)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.delitem(sys.modules, "bench_broker", raising=False)
    yield tmp_path
    sys.modules.pop("bench_broker", None)


class TestInstalledBroker(BrokerContract):
    @pytest.fixture
    def house(self, installed):
        clock = Clock()
        account = Account("main", "taxable", {}, ())
        opening = BrokerOpening(account, "USD", installed, clock, ExchangeSessions(), SecretStore({}))
        broker = plugins.factory(plugins.BROKERS, "bench")(opening)
        broker.endow({"USD": D(10_000)}, {"VOO": D(20)})
        quotes = sys.modules["bench_broker"].PRICES

        def fill_at_most(shares):
            from steelyard.adapters.brokers.paper import PaperTerms

            broker._terms = PaperTerms(fill_at_most=shares)

        def pass_days(days):
            clock.at += timedelta(days=days)

        def counted():
            return broker._db.execute("SELECT count(*) FROM orders").fetchone()[0]

        yield House(broker, quotes.__setitem__, fill_at_most, pass_days, counted)
        broker.close()


def test_two_packages_of_one_name_are_told_apart_by_nobody(installed):
    """Which of two would get the orders is nothing to guess."""
    other = installed / "site" / "bench_too-1.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: bench-too\nVersion: 1.0\n")
    (other / "entry_points.txt").write_text("[steelyard.brokers]\nbench = bench_broker:open_broker\n")
    with pytest.raises(InputError) as caught:
        plugins.factory(plugins.BROKERS, "bench")
    assert caught.value.code == "plugin"
    assert "bench, bench-too" in caught.value.message
