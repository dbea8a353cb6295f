"""Every path beside a portfolio file, decided once and absolute.

A value that remembers a relative path is a value of the current directory: read in one folder and used in
another, it finds a stranger's journal. So a name that somebody typed becomes a `Folder` where it comes in,
and nothing behind that asks where the process is.
"""

from __future__ import annotations

from pathlib import Path

from steelyard.domain.market.rates import BASE_RATES
from steelyard.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class Folder:
    """A portfolio file and what lies beside it; nothing of it need exist.

    Attributes:
        file: The portfolio file, absolute.
        said: The same as its owner named it, for messages alone.
        database: Journal, prices, runs, plans and orders, absolute; beside the file unless told.
        words: What the file says, where it was read for a whole command; None: it is read when asked.
    """

    file: Path
    said: Path
    database: Path
    words: str | None = None

    @classmethod
    def of(cls, place: str | Path | Folder, *, database: str | Path | None = None) -> Folder:
        """Return the folder of a portfolio file.

        Args:
            place: The file, relative to where the process is now; a `Folder` stays what it is.
            database: Another database than the one beside the file.
        """
        if isinstance(place, Folder):
            return place if database is None else replace(place, database=Path(database).absolute())
        said = Path(place)
        file = said.absolute()
        return cls(file, said, Path(database).absolute() if database else file.with_name("steelyard.db"))

    def read(self) -> Folder:
        """Return the folder with the words of its file, so that a command goes by one version of them.

        What cannot be read is left to whoever needs it, who says what is wrong.
        """
        return replace(self, words=self.text())

    def text(self) -> str | None:
        """Return the words of the file, None where they cannot be read."""
        if self.words is not None:
            return self.words
        from steelyard.adapters.files.toml_text import bytes_of

        try:
            return bytes_of(self.file).decode("utf-8-sig")
        except (OSError, ValueError):
            return None

    @property
    def path(self) -> Path:
        """The folder itself."""
        return self.file.parent

    @property
    def automation(self) -> Path:
        """What its owner decides about prices and alerts."""
        return self.file.with_name("automation.toml")

    @property
    def execution(self) -> Path:
        """Which broker serves an account, and what it may do."""
        return self.file.with_name("execution.toml")

    @property
    def secrets(self) -> Path:
        """Addresses and keys, where the environment does not hold them."""
        return self.file.with_name(".env")

    @property
    def paper_book(self) -> Path:
        """The database of the paper broker, apart from what is real."""
        return self.database.with_name("steelyard-paper.db")

    @property
    def tickets(self) -> Path:
        """Orders to be typed in by hand, and what their owner writes back."""
        return self.path / "tickets"

    def broker_token(self, broker: str, mode: str) -> Path:
        """Return where a broker's token for today is kept."""
        return self.path / f".steelyard-{broker}-{mode}.json"

    @property
    def page_token(self) -> Path:
        """What programs show to the server of the page."""
        return self.path / ".steelyard-page-token"

    @property
    def webhook_secret(self) -> Path:
        """By which events that are sent to their owner are signed."""
        return self.path / ".steelyard-webhook-secret"

    @property
    def webhook_taken(self) -> Path:
        """Which event was taken last."""
        return self.path / ".steelyard-webhook-taken"

    @property
    def models_of_clients(self) -> Path:
        """What clients of the rebalancing addresses keep here."""
        return self.path / ".steelyard-rebalancing.json"

    @property
    def base_rates(self) -> Path:
        """The rates of exchange that a return counts (매매기준율), a file a pair; its name goes into the
        output."""
        return self.path / BASE_RATES

    @property
    def tax_base_prices(self) -> Path:
        """The tax base prices (과표기준가) of KRX-listed funds, a file a fund."""
        return self.path / "tax_base_prices"

    def prices(self, name: str) -> Path:
        """Return the folder of price files that automation.toml names; absolute names stay."""
        return self.path / name

    def shown(self, path: Path) -> str:
        """Return a path of this folder as its owner would write it, for messages."""
        return str(self.said.parent / path.name)


Place = str | Path | Folder
"""What a function that works beside a portfolio file takes: that file, or its folder."""
