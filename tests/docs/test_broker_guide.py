"""The worked example of the guide carries a plan out."""

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from acceptance.desks import NO_LIMITS, Office, plan

GUIDE = Path(__file__).parent.parent.parent / "docs" / "guides" / "write-your-own-broker.md"


def test_the_broker_of_the_guide_carries_a_plan_out(tmp_path):
    """It fills at the limits: 4 VOO at 497.50, 20 TLT at 90.45, 1 GLD at 251.25, from 1,000 USD.

    For all of TLT and GLD the money above the reserve does not reach at those limits, so they come down:
    what is spent leaves the reserve of 900 whole.
    """
    code = re.search(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[1]
    names = {}
    exec(code, names)
    shares = {"VOO": Decimal(20), "TLT": Decimal(10), "GLD": Decimal(8)}
    broker = names["MemoryBroker"]("1000", shares)
    office = Office(tmp_path)
    # The clock of the guide's statement is the machine's; freshness of positions is not what is tried here.
    result = office.execute(plan(), broker=broker, limits=replace(NO_LIMITS, max_positions_age_minutes=None))
    assert result.outcome == "done"
    assert broker.shares["VOO"] == 16
    assert broker.shares["TLT"] == 30
    assert broker.cash >= 900
