"""The settings say what the file says, and a file without a key keeps the documented default."""

from datetime import time
from decimal import Decimal

import pytest

from steelyard.adapters.files.automation import read
from steelyard.domain.automation.quiet_hours import QuietHours
from steelyard.domain.automation.settings import AutomationSettings
from steelyard.errors import PortfolioProblems


def test_no_file_means_all_defaults(tmp_path):
    assert read(tmp_path / "automation.toml") == AutomationSettings()


def test_every_key_reaches_its_setting(tmp_path):
    file = tmp_path / "automation.toml"
    file.write_text(
        """
        [prices]
        sources = ["krx", "yahoo"]
        max_age_days = { "" = 4, yahoo = 2 }
        max_jump = "30%"
        [alerts]
        language = "ko"
        quiet = "22:30-07:00"
        again_step = "2%"
        new_cash = "500000"
        [alerts.templates]
        test = "hello"
        """
    )
    found = read(file)
    assert found.prices.sources == ("krx", "yahoo")
    assert found.prices.limits.age("yahoo") == 2
    assert found.prices.limits.age("krx") == 4
    assert found.prices.limits.max_jump == Decimal("0.3")
    assert found.alerts.quiet == QuietHours(time(22, 30), time(7, 0))
    assert found.alerts.new_cash == Decimal(500000)
    assert found.alerts.templates == {"test": "hello"}


def test_every_problem_is_told_at_once(tmp_path):
    file = tmp_path / "automation.toml"
    file.write_text(
        '[prices]\nsources = ["bloomberg"]\nattempts = 0\n'
        '[alerts]\nquiet = "25:00-26:00"\ntimezone = "Mars/Base"\nkind = []\n'
    )
    with pytest.raises(PortfolioProblems) as caught:
        read(file)
    assert {p.code for p in caught.value.problems} == {
        "unknown-word",
        "zero",
        "quiet-hours",
        "timezone",
        "unknown-key",
    }
