"""The scheduled job on a database of its own, a clock the test sets and a service that takes everything."""

from contextlib import contextmanager
from datetime import timedelta

from steelyard.adapters.database import connection as database
from steelyard.adapters.database.outbox import StoredOutbox
from steelyard.adapters.database.prices import StoredPrices
from steelyard.adapters.database.runs import StoredRuns
from steelyard.adapters.files.packaged import load_catalogue
from steelyard.adapters.files.quotes import PortfolioFile
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.adapters.machine.secret_store import SecretStore
from steelyard.app.automation.delivery import Post
from steelyard.app.automation.run_inputs import NoBooks, RunInputs
from steelyard.domain.automation.settings import AlertSettings, AutomationSettings


class Clock:
    """A clock the test sets; it moves when somebody waits."""

    def __init__(self, time):
        self.time = time

    def now(self):
        return self.time

    def wait(self, seconds):
        self.time += timedelta(seconds=seconds)


class Notifier:
    """A service that takes everything."""

    def __init__(self):
        self.got = []

    def send(self, address, title, body, picture=None):
        self.got.append((title, body))
        return ""


@contextmanager
def jobs(folder, time, *, sources=(), books=None):
    """Give what makes a job for `portfolio.toml` in a folder from alert settings, all on one database."""
    path = folder / "steelyard.db"
    connection = database.connect(path)

    def job(**alerts):
        settings = AutomationSettings(alerts=AlertSettings(**alerts))
        secrets = SecretStore({"STEELYARD_NOTIFY_A": "json://localhost"})
        post = Post(StoredOutbox(connection, path), Notifier(), secrets, Clock(time), settings.alerts)
        file = PortfolioFile(folder / "portfolio.toml", load_catalogue())
        prices, runs = StoredPrices(connection, path), StoredRuns(connection, path)
        return RunInputs(file, sources, prices, runs, post, ExchangeSessions(), settings, books or NoBooks())

    try:
        yield job
    finally:
        connection.close()
