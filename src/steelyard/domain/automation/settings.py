"""What the owner decides about automation: alerts, when to be quiet, where prices come from."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from steelyard.domain.automation.quiet_hours import QuietHours
from steelyard.domain.market.prices import PriceSettings
from steelyard.records import dataclass, field

LANGUAGES = ("en", "ko")
DIGESTS = ("never", "weekly", "monthly")
ALERT_KINDS = (
    "rebalance_due", "new_cash", "harvest", "irp_cap", "price_failure", "job_failure", "digest", "test",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Who is told what, and when.

    Attributes:
        kinds: Kinds that are sent.
        language: One of LANGUAGES.
        again_step: The same state is told again when it is worse by this fraction of the portfolio.
        again_days: Or after this many days.
        quiet: When nothing is sent, None for never.
        timezone: IANA name for quiet hours and dates.
        digest: One of DIGESTS.
        new_cash: Cash above the reserve from which investing it is proposed, base currency; None: never.
        templates: Body by kind, instead of the built-in text.
        attempts: How often one message is tried at one service before it is given up.
        picture: Draw the weights against their bands for services that take a picture.
        timeout_seconds: For the whole of one message to one service.
    """

    kinds: tuple[str, ...] = ALERT_KINDS
    language: str = "en"
    again_step: Decimal = Decimal("0.01")
    again_days: int = 7
    quiet: QuietHours | None = None
    timezone: str = "Asia/Seoul"
    digest: str = "never"
    new_cash: Decimal | None = None
    templates: Mapping[str, str] = field(default_factory=dict)
    attempts: int = 8
    picture: bool = True
    timeout_seconds: int = 30


@dataclass(frozen=True, slots=True)
class AutomationSettings:
    """Everything in `automation.toml`; each part has a default."""

    prices: PriceSettings = field(default_factory=PriceSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
