"""The page in a real browser, Debian's chromium: by clicks, in both languages, with and without JavaScript.

Skipped where playwright or a chromium is missing; `make browser` installs the first and asks for the second.
"""

import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from shutil import which

import pytest

pytest.importorskip("starlette")
pytest.importorskip("playwright.sync_api")

from playwright import sync_api as driver

from builders import account, portfolio, position
from steelyard.interfaces.web.application import PAGES

CHROMIUM = which("chromium") or which("chromium-browser")
AXE = Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"
MAIN = "from steelyard.interfaces.cli.main import main; main()"
WIDTHS = (390, 768, 1280)
HOUSE = portfolio(
    {"VOO": "35%", "360750": "15%", "069500": "20%", "148070": "20%", "GLD": "10%"},
    account(position("VOO", 90, "612.40 USD"), position("GLD", 33, "374.20 USD"), name="Overseas",
            kind="taxable", cash={"KRW": "1070657"}),
    account(position("360750", 640, "24150"), position("069500", 300, "52300"), name="ISA", kind="isa",
            cash={"KRW": "521763"}),
    account(position("360750", 450, "24150"), position("069500", 190, "52300"),
            position("148070", 265, "113200"),
            name="Pension", kind="pension", cash={"KRW": "656158"}),
    fx={"USDKRW": "1392.10"},
)  # fmt: skip
"""The household of the design: three accounts in two currencies, VOO over its band."""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium"),
    pytest.mark.long("starts a browser and a server"),
]


@pytest.fixture(scope="module")
def browser():
    with driver.sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM)
        yield found
        found.close()


@pytest.fixture
def house(tmp_path):
    """A server of a household, its start address, and the folder."""
    (tmp_path / "portfolio.toml").write_text(HOUSE, encoding="utf-8")
    server = subprocess.Popen(
        [sys.executable, "-c", MAIN, "serve", "--port", "0", "--lang", "en"],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield re.search(r"http://\S+", server.stderr.readline())[0], tmp_path
    finally:
        server.terminate()
        server.wait(10)


POSITIONS = f"""\
"Positions for account Individual ...001 as of 02:45 AM ET, {date.today():%Y/%m/%d}"

"Symbol","Description","Qty (Quantity)","Price","Price Chng $ (Price Change $)",\
"Price Chng % (Price Change %)","Mkt Val (Market Value)","Day Chng $ (Day Change $)",\
"Day Chng % (Day Change %)","Cost Basis","Gain $ (Gain/Loss $)","Gain % (Gain/Loss %)",\
"Ratings","Reinvest?","Reinvest Capital Gains?","% of Acct (% of Account)","Security Type"
"VOO","A FUND","10","$100.00","$0.00","0%","$1,000.00","$0.00","0%","$900.00","$100.00","11.11%",\
"--","No","--","40%","ETFs & Closed End Funds"
"BND","ANOTHER FUND","20","$50.00","$0.00","0%","$1,000.00","$0.00","0%","$1,000.00","$0.00","0%",\
"--","No","--","40%","ETFs & Closed End Funds"
"Cash & Cash Investments","--","--","--","--","--","$500.00","$0.00","0%","--","--","--","--","--","--",\
"20%","Cash and Money Market"
"""


class Tab:
    """One page of a browser that notes whatever it should not do."""

    def __init__(self, browser, start, *, locale="en-US", width=1280, **how):
        self.faults = []
        self.base = start.split("/start")[0].rstrip("/")
        self.context = browser.new_context(locale=locale, viewport={"width": width, "height": 900}, **how)
        self.page = self.context.new_page()
        self.page.set_default_timeout(180_000)  # Clicks are waited for, not timed: the machine is shared.
        self.page.on(
            "console", lambda m: self.faults.append(m.text) if m.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", self._requested)
        self.page.goto(start)

    def _requested(self, request):
        if not request.url.startswith(f"{self.base}/"):
            self.faults.append(request.url)

    def closed(self):
        self.context.close()
        assert self.faults == []


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_from_the_first_look_to_a_saved_plan_by_clicks(browser, house, locale, script):
    start, _ = house
    tab = Tab(browser, start, locale=locale, java_script_enabled=script)
    page = tab.page
    korean = locale.startswith("ko")
    assert page.get_by_text("리밸런싱이 필요합니다." if korean else "A rebalance is due.").is_visible()
    page.get_by_role("link", name="주문안 보기" if korean else "See the plan").click()
    page.get_by_role("button", name="주문안 저장" if korean else "Save this plan").click()
    page.wait_for_url("**saved=**")
    assert page.get_by_role("status").is_visible()
    page.get_by_role("link", name="개요" if korean else "Overview", exact=True).click()
    page.locator("#amount").fill("3000000")
    page.locator("#account").select_option("ISA")
    page.get_by_role("button", name="살 종목 보기" if korean else "Show what to buy").click()
    page.wait_for_url("**kind=invest**")
    assert page.locator(".tag.buy").count() > 0
    assert page.locator(".tag.sell").count() == 0
    tab.closed()


def test_a_change_of_the_question_changes_the_answer_without_a_new_page(browser, house):
    start, _ = house
    tab = Tab(browser, start)
    page = tab.page
    page.goto(f"{tab.base}/plan")
    page.evaluate("window.same = true")
    before = page.locator("#say").inner_text()
    page.locator("#sell").select_option("none")
    page.wait_for_function("before => document.querySelector('#say').innerText !== before", arg=before)
    assert page.evaluate("window.same") is True
    assert "sell=none" in page.url
    assert page.locator(".tag.sell").count() == 0
    tab.closed()


def test_the_switches_work_with_and_without_javascript(browser, house):
    start, _ = house
    session = None
    for script in (True, False):
        how = {"java_script_enabled": script} | ({"storage_state": session} if session else {})
        tab = Tab(browser, f"{start.split('/start')[0]}/" if session else start, **how)
        page = tab.page
        assert "₩76,726,984" in page.content()
        page.get_by_role("button", name="Hide amounts").click()
        page.wait_for_load_state()
        assert "76,726,984" not in page.content()
        page.get_by_role("button", name="Hide amounts").click()
        page.get_by_role("button", name="Dark").click()
        page.wait_for_load_state()
        assert page.locator("html").get_attribute("data-theme") == "dark"
        page.get_by_role("button", name="한국어로 보기").click()
        page.wait_for_load_state()
        assert page.locator("html").get_attribute("lang") == "ko"
        page.get_by_role("button", name="View in English").click()
        page.get_by_role("button", name="Dark").click()
        page.wait_for_load_state()
        session = session or tab.context.storage_state()
        tab.closed()


def test_no_screen_is_wider_than_its_window_and_none_breaks_the_policy(browser, house):
    start, _ = house
    tab = Tab(browser, start)
    wide = []
    for width in WIDTHS:
        tab.page.set_viewport_size({"width": width, "height": 900})
        for address in (*(page.path for page in PAGES), "/plan?kind=invest&cash=3000000", "/plan?ways=1"):
            tab.page.goto(tab.base + address)
            overflow = tab.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            if overflow > 0:
                wide.append((address, width, overflow))
    assert wide == []
    # A start that is looked at again is refused, and says so in the console itself.
    tab.closed()


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (npm)")
def test_axe_finds_nothing(browser, house):
    start, _ = house
    tab = Tab(browser, start)
    found = []
    for scheme in ("light", "dark"):
        tab.page.emulate_media(color_scheme=scheme)
        for width in (390, 1280):
            tab.page.set_viewport_size({"width": width, "height": 900})
            for address in (*(page.path for page in PAGES), "/plan?ways=1"):
                tab.page.goto(tab.base + address)
                tab.page.evaluate(AXE.read_text(encoding="utf-8"))
                result = tab.page.evaluate("axe.run()")
                found += [
                    (address, width, scheme, v["id"], [n["target"] for n in v["nodes"]][:3])
                    for v in result["violations"]
                ]
    assert found == []
    tab.closed()


def test_everything_is_reached_by_keyboard_and_focus_is_seen(browser, house):
    start, _ = house
    tab = Tab(browser, start)
    page = tab.page
    names = []
    for _ in range(40):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate("(document.activeElement.innerText || document.activeElement.name || '').trim()")
        )
        if page.evaluate("document.activeElement !== document.body"):
            width = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth) || 0")
            parent = page.evaluate(
                "parseFloat(getComputedStyle(document.activeElement.closest('.money')"
                " || document.body).outlineWidth) || 0"
            )
            assert max(width, parent) >= 2, names[-1]
    assert "Skip to the content" in names
    assert "See the plan" in names
    assert "Show what to buy" in names
    tab.closed()


def test_what_is_typed_is_judged_while_it_is_typed(browser, house):
    """Targets and policy: the sum is said, the difference shown, and the field that is typed in keeps all."""
    start, folder = house
    tab = Tab(browser, start)
    page = tab.page
    page.goto(f"{tab.base}/portfolio")
    page.evaluate("window.same = true")
    field = page.get_by_label("New target of VOO, %")
    field.fill("")
    field.press_sequentially("30")
    page.get_by_text("targets add up to 95").wait_for()
    assert page.evaluate("document.activeElement.name") == "t:VOO"
    page.get_by_label("New target of GLD, %").fill("15")
    page.get_by_text("2 targets change. Not saved yet.").wait_for()
    assert '+VOO = "30%"' in page.locator("#difference").inner_text()
    assert field.input_value() == "30"
    assert page.locator(".btn.primary").count() == 1
    page.get_by_label("Band, in points").fill("many")
    page.locator("#policy [role=alert]").wait_for()
    page.get_by_label("Band, in points").fill("4%")
    page.get_by_role("button", name="Save the policy").wait_for()
    assert page.locator("#policy [role=alert]").count() == 0
    assert page.evaluate("window.same") is True
    assert (folder / "portfolio.toml").read_text(encoding="utf-8") == HOUSE
    page.get_by_role("button", name="Save 2 changes").click()
    page.get_by_text("Saved.", exact=True).wait_for()
    assert 'VOO = "30%"' in (folder / "portfolio.toml").read_text(encoding="utf-8")
    tab.closed()


def test_from_nothing_to_a_first_plan_by_clicks_with_a_brokers_file(browser, tmp_path):
    """Who has never seen the terminal: the broker's table of positions, a model, and the plan.

    10 VOO at $100, 20 BND at $50 and $500 are $2,500: 30 and 70 % are 7.5 and 35 shares, so VOO is sold.
    """
    server = subprocess.Popen(
        [sys.executable, "-c", MAIN, "serve", "--port", "0", "--lang", "en"],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    table = tmp_path / "from my broker.csv"
    table.write_text(POSITIONS, encoding="utf-8")
    try:
        tab = Tab(browser, re.search(r"http://\S+", server.stderr.readline())[0], width=390)
        page = tab.page
        assert page.get_by_text("There is no portfolio yet.").is_visible()
        page.get_by_label("A file of your broker").set_input_files(table)
        page.get_by_label("Whose tax counts").select_option("US")
        page.get_by_role("button", name="Begin").click()
        page.get_by_role("heading", name="Overview").wait_for()
        page.get_by_role("link", name="More").click()
        page.get_by_role("link", name="Portfolio", exact=True).click()
        page.get_by_label("New target of VOO, %").fill("30")
        page.get_by_label("New target of BND, %").fill("70")
        page.get_by_role("button", name="Save 2 changes").click()
        page.get_by_text("Saved.", exact=True).wait_for()
        page.get_by_role("link", name="Plan", exact=True).click()
        page.locator("#say").get_by_text("Sell").wait_for()
        assert page.locator(".tag.sell").count() == 1
        assert page.locator(".tag.buy").count() == 1
        page.get_by_role("button", name="Save this plan").click()
        page.wait_for_url("**saved=**")
        tab.closed()
    finally:
        server.terminate()
        server.wait(10)
