"""What the screens say: figures worked by hand from the sample, which is worth 10,000,000 won."""

import re
import tomllib
from datetime import date
from decimal import Decimal

import pytest

pytest.importorskip("starlette")

import steelyard
from builders import account, portfolio, position, with_gains
from processes import run_command
from steelyard.api.serving import order_state, portfolio_files, sample_text
from steelyard.interfaces.web.application import PAGES
from steelyard.interfaces.web.display import Display, hundred
from steelyard.interfaces.web.strips import scale, strip
from steelyard.languages import language

from .asking import Browser

DAY = date(2026, 11, 23)
ENGLISH, KOREAN = Display(language("en")), Display(language("ko"))


def page_of(folder, text, **how):
    (folder / "portfolio.toml").write_text(text, encoding="utf-8")
    return Browser(folder / "portfolio.toml", as_of=DAY, **how)


def words(answer):
    """The text of a page as a reader sees it, figures with plain spaces."""
    text = re.sub(r"<(script|style|title)[^>]*>.*?</\1>", " ", answer.text, flags=re.DOTALL)
    labels = " ".join(re.findall(r'aria-label="([^"]*)"', text))
    return re.sub(r"[\s\u202f\xa0]+", " ", re.sub(r"<[^>]+>", " ", text) + labels)


def test_the_first_screen_says_whether_a_rebalance_is_due_and_why(tmp_path):
    """VOO: 4,800,000 of 10,000,000 is 48 %, 8 points over 40 %; the band is 5 points. The next quarter's
    first session of both exchanges is 4 January 2027."""
    said = words(page_of(tmp_path, sample_text()).get("/"))
    assert "A rebalance is due." in said
    assert "VOO: 48.0 % (target 40.0 %, 8.0 points over" in said
    assert "8.0 % of the money is in the wrong place. The next look is on 4 Jan 2027." in said
    assert "₩4,800,000 48.0 % 40.0 %" in said
    assert "+8.0" in said
    assert "−2.0" in said


def test_the_same_in_korean(tmp_path):
    said = words(page_of(tmp_path, sample_text(), language="ko-KR,ko;q=0.9").get("/"))
    assert "리밸런싱이 필요합니다." in said
    assert "4,800,000원 48.0% 40.0%" in said
    assert "전체 금액의 8.0%가 목표에서 벗어나 있습니다." in said
    assert "2027. 1. 4." in said


def test_the_language_of_the_file_comes_before_that_of_the_browser_and_a_choice_before_both(tmp_path):
    browser = page_of(tmp_path, 'language = "ko"\n' + sample_text())
    assert 'lang="ko"' in browser.get("/").text
    assert "A rebalance is due." in words(browser.post("/settings", {"lang": "en", "page": "overview"}))


def test_nothing_due_is_a_sentence_too(tmp_path):
    """60 and 40 of 100: no drift at all."""
    text = portfolio(
        {"VOO": "60%", "BND": "40%"},
        account(position("VOO", 6, "10"), position("BND", 4, "10")),
        base_currency="USD",
    )
    said = words(page_of(tmp_path, text).get("/"))
    assert "No rebalance is due." in said
    assert "0.0 % of the money is in the wrong place." in said


def test_an_empty_portfolio_says_how_to_begin(tmp_path):
    said = words(
        page_of(
            tmp_path, portfolio({"VOO": "100%"}, account(position("VOO", 0, "10")), base_currency="USD")
        ).get("/")
    )
    assert "There is nothing to compare yet." in said


def test_without_a_file_every_screen_leads_to_where_one_begins(tmp_path):
    """Another choice than the file's currency, tax and targets; the second time nothing is written over."""
    file = tmp_path / "portfolio.toml"
    browser = Browser(file, as_of=date(2026, 11, 23))
    for page in PAGES:
        if page.name != "health":
            assert "There is no portfolio yet." in browser.get(page.path).text
    wrong = browser.post("/begin", {"what": "begin", "currency": "WON!", "country": "US"})
    assert (wrong.status, file.exists()) == (422, False)
    assert 'value="WON!"' in wrong.text
    asked = {"what": "begin", "model": "core-four", "country": "US", "currency": ""}
    assert browser.post("/begin", asked, follow=False).header("location") == "/"
    written = tomllib.loads(file.read_text(encoding="utf-8"))
    assert (written["base_currency"], written["tax"]) == ("USD", {"jurisdiction": "US"})
    text = file.read_text(encoding="utf-8")
    assert browser.post("/begin", {**asked, "country": "KR"}).status == 422
    assert file.read_text(encoding="utf-8") == text


def test_all_problems_of_a_file_stand_on_one_page(tmp_path):
    text = sample_text().replace('VOO = "40%"', 'VOO = "41%"').replace('shares = "20"', 'shares = "-20"')
    answer = page_of(tmp_path, text).get("/")
    assert answer.status == 422
    assert "2 things have to be put right first." in words(answer)
    assert "target-sum" in words(answer)


def test_holdings_say_what_was_paid_and_gained(tmp_path):
    """`with_gains`: 20 VOO at 400 $ and 1,200 won, 20 at 550 $ and 1,450; now 600 $ at 1,400 won.
    40 x 600 x 1,400 = 33,600,000; paid 9,600,000 + 15,950,000 = 25,550,000; gain 8,050,000, 31.5 %."""
    said = words(page_of(tmp_path, with_gains()).get("/holdings"))
    assert "₩33,600,000" in said
    assert "₩8,050,000 31.5 %" in said
    assert "4 Mar 2022" in said


def test_hidden_amounts_are_not_in_the_page_at_all(tmp_path):
    browser = page_of(tmp_path, with_gains())
    open_ = {page: words(browser.get(page)) for page in ("/", "/holdings")}
    assert any("33,600,000" in said for said in open_.values())
    browser.post("/settings", {"private": "yes"})
    for page in open_:
        text = browser.get(page).text
        for amount in (
            "33,600,000",
            "33600000",
            "7,560,000",
            "43,360,000",
            "8,050,000",
            ">40<",
            ">60<",
            ">20<",
        ):
            assert amount not in text, page
        assert "•••••" in text
    assert "%" in browser.get("/").text
    assert browser.get("/holdings?as=csv").header("content-type").startswith("text/html")


def test_amounts_in_sentences_of_the_library_are_hidden_too():
    hidden = Display(language("en"), private=True)
    assert hidden.tell("spends ₩1,234,567 of 2,000 on 2026-11-23") == "spends ••••• of ••••• on 2026-11-23"
    assert hidden.tell("cash 1234567; 5.0 points; $12.50") == "cash •••••; 5.0 points; •••••"


def test_a_theme_is_kept_and_written_by_the_server(tmp_path):
    browser = page_of(tmp_path, sample_text())
    assert "data-theme" not in browser.get("/").text
    assert 'data-theme="dark"' in browser.post("/settings", {"theme": "dark", "page": "holdings"}).text


def test_a_plan_says_what_to_trade_what_it_costs_and_where_it_leads(tmp_path):
    """By hand: 1 VOO brings 600,000; 2 x 35,000 + 4 x 80,000 + 1 x 200,000 cost 590,000. 0.1 % of 1,190,000
    is 1,190, so 8,810 of cash stay, 0.1 % of 9,998,810. 4,200,000 of that is 42.0 %, 2,870,000 28.7,
    1,920,000 19.2, 1,000,000 10.0: together 100.0.
    """
    said = words(page_of(tmp_path, sample_text()).get("/plan"))
    assert "Sell 1 × VOO; buy 2 × 069500, 4 × TLT, 1 × GLD." in said
    assert "4 trades at ₩1,190 of fees and exchange." in said
    assert "The money in the wrong place goes from 8.0 % to " in said
    assert "Proven:" in said
    for weight in ("42.0", "28.7", "19.2", "10.0", "0.1"):
        assert f"→ {weight} %" in said
    assert "→ ₩8,810" in said
    assert "+8.0 -&gt; 42.0 %" in said


def test_new_money_buys_and_sells_nothing(tmp_path):
    browser = page_of(tmp_path, sample_text())
    text = browser.get("/plan?kind=invest&cash=1000000&account=main").text
    assert "₩1,000,000 of new money is part of what is after." in text
    assert 'class="tag sell"' not in text
    assert 'class="tag buy"' in text
    assert browser.get("/plan?kind=invest&cash=1,000,000").status == 200


def test_what_cannot_be_planned_is_said_and_the_form_keeps_what_was_typed(tmp_path):
    browser = page_of(tmp_path, sample_text())
    answer = browser.get("/plan?kind=withdraw&cash=99000000&account=main")
    assert answer.status == 422
    assert "No plan could be made." in answer.text
    assert 'value="99000000"' in answer.text
    assert "no amount to take out is given" in browser.get("/plan?kind=withdraw").text


def test_other_ways_are_plans_of_their_own(tmp_path):
    said = words(page_of(tmp_path, sample_text()).get("/plan?ways=1"))
    assert "one point further" in said
    assert "new money only" in said


def test_a_plan_is_saved_as_it_was_seen_and_can_be_found_again(tmp_path):
    import steelyard

    browser = page_of(tmp_path, sample_text())
    shown = browser.get("/plan").text
    mark = re.search(r'name="seen" value="(\w{64})"', shown)[1]
    said = words(browser.post("/plan", {"kind": "full", "seen": mark}))
    (saved,) = re.findall(r"Saved as (\w{12})\.", said)
    assert steelyard.approve(tmp_path / "portfolio.toml", saved, who="me").startswith(saved)


def test_a_plan_that_has_changed_since_it_was_seen_is_shown_and_not_saved(tmp_path):
    browser = page_of(tmp_path, sample_text())
    mark = re.search(r'name="seen" value="(\w{64})"', browser.get("/plan").text)[1]
    (tmp_path / "portfolio.toml").write_text(
        sample_text().replace("600000 KRW", "590000 KRW"), encoding="utf-8"
    )
    said = words(browser.post("/plan", {"kind": "full", "seen": mark}))
    assert "The plan has changed since you saw it, so it was not saved." in said
    assert not (tmp_path / "steelyard.db").exists()


def test_a_plan_as_csv_is_neutral_for_a_sheet(tmp_path):
    answer = page_of(tmp_path, sample_text().replace('name = "main"', 'name = "=cmd|calc"')).get(
        "/plan?as=csv"
    )
    assert answer.text.splitlines()[0] == "account,side,symbol,shares,price,currency,amount,cost"
    assert ",sell,VOO,1,600000,KRW,600000,600" in answer.text
    assert "\n=cmd" not in answer.text


def test_holdings_as_csv_are_neutral_for_a_sheet(tmp_path):
    text = with_gains().replace('name = "main"', 'name = "=cmd|calc"')
    answer = page_of(tmp_path, text).get("/holdings?as=csv")
    assert answer.header("content-type").startswith("text/csv")
    assert answer.header("content-disposition") == 'attachment; filename="holdings.csv"'
    assert "\n=cmd" not in answer.text


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        (["1/3", "1/3", "1/3"], ["33.4", "33.3", "33.3"]),
        (["0.28", "0.48", "0.16", "0.08", "0"], ["28.0", "48.0", "16.0", "8.0", "0.0"]),
        (["0.33349", "0.33349", "0.33302"], ["33.4", "33.3", "33.3"]),
        (["1.02", "-0.02"], ["102.0", "-2.0"]),
    ],
)
def test_percentages_of_a_whole_add_up_to_a_hundred(parts, shown):
    """By largest remainder: 33.333 three times leaves one tenth, which the first of equals takes."""
    fractions = [
        Decimal(p.split("/")[0]) / Decimal(p.split("/")[1]) if "/" in p else Decimal(p) for p in parts
    ]
    found = hundred(fractions)
    assert [str(part) for part in found] == shown
    assert sum(found) == 100


def test_figures_are_written_as_each_language_writes_them():
    for display, said in (
        (ENGLISH, ("−₩1,000", "41.6\u202f%", "1 Jul 2026")),
        (KOREAN, ("−1,000원", "41.6%", "2026. 7. 1.")),
    ):
        assert display.money(Decimal("-1000"), "KRW") == said[0]
        assert display.percent(Decimal("0.4162")) == said[1]
        assert display.day(date(2026, 7, 1)) == said[2]
    assert ENGLISH.money(Decimal("412.345"), "USD") == "$412.34"
    assert ENGLISH.shares(Decimal("-1234.500")) == "−1,234.5"
    assert (
        ENGLISH.points(Decimal("0.066")),
        ENGLISH.points(Decimal("-0.007")),
        ENGLISH.points(Decimal(0)),
    ) == ("+6.6", "−0.7", "±0.0")


def test_a_strip_has_nine_points_where_bands_are_five():
    """94.5 units either way: 5 of 9 points are 52.5 of them, 6.6 are 69.3."""
    end = scale([Decimal("0.05")] * 2, [Decimal("0.066"), Decimal("-0.01")])
    assert end == Decimal("0.09")
    found = strip(Decimal("0.066"), Decimal("0.05"), end)
    assert (found.left, found.right, found.at, found.outside) == (47.5, 152.5, 169.3, True)
    assert strip(Decimal("0.05"), Decimal("0.05"), end).outside is False
    assert strip(Decimal("0.9"), Decimal("0.05"), end).at == 194.5


def test_a_saved_plan_is_carried_out_on_paper_and_nowhere_else(tmp_path):
    """Without execution.toml every account is on paper; with a broker's name there is no such button."""
    from whole_commands import dated

    file = tmp_path / "portfolio.toml"
    file.write_text(dated(sample_text()), encoding="utf-8")
    browser = Browser(file)
    held = steelyard.load(file)
    plan = steelyard.save_plan(file, held, steelyard.plan(held)).id
    assert "Carry out on paper" in browser.get("/orders").text
    (tmp_path / "execution.toml").write_text('[accounts]\nmain = "ticket"\n', encoding="utf-8")
    assert "Carry out on paper" not in browser.get("/orders").text
    refused = browser.post("/orders", {"what": "paper", "plan": plan})
    assert refused.status == 422
    assert steelyard.orders(file).orders == ()
    (tmp_path / "execution.toml").unlink()
    done = browser.post("/orders", {"what": "paper", "plan": plan})
    assert "Carried out on paper." in done.text
    assert {o.state for o in steelyard.orders(file).orders} <= {"filled", "cancelled"}
    assert "Carry out on paper" not in browser.get("/orders").text


TWO_COUNTRIES = """
base_currency = "USD"
priced_on = 2026-11-23
[targets]
VOO = "100%"
[fx]
JPYUSD = "0.0065"
[tax]
jurisdiction = "US"
other_income = 100000
[owners.aunt]
jurisdiction = "JP"
household = "other"
[[accounts]]
name = "mine"
kept = "journal"
[[accounts.positions]]
symbol = "VOO"
shares = 1
price = "600 USD"
[[accounts]]
name = "tokyo"
owner = "aunt"
kept = "journal"
"""
OF_TWO_COUNTRIES = """date,account,type,symbol,shares,price,currency,fx_rate
2024-01-08,mine,buy,VOO,10,400,USD,
2026-03-02,mine,sell,VOO,9,600,USD,
2024-01-08,tokyo,buy,VOO,10,400,USD,150
2026-03-02,tokyo,sell,VOO,5,600,USD,155
"""


def test_the_tax_of_two_countries_is_owed_in_two_currencies(tmp_path):
    """1,800 at 15 % = 270 dollars; 165,000 yen at 15.315 % and 5 %, both cut to hundreds: 25,200, 8,200."""
    page = page_of(tmp_path, TWO_COUNTRIES)
    (tmp_path / "trades.csv").write_text(OF_TWO_COUNTRIES)
    assert run_command(tmp_path, "import", "trades.csv").returncode == 0
    answer = words(page.get("/tax"))
    assert "$270.00 + ¥33,400 of tax is to be paid" in answer
    assert "¥165,000" in answer


def test_a_folder_shows_which_portfolios_there_are_and_each_at_its_own_address(tmp_path):
    for name in ("anna", "보라"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "portfolio.toml").write_text(sample_text(), encoding="utf-8")
    files = portfolio_files(tmp_path)
    browser = Browser(None, files=files, as_of=date(2026, 11, 23))
    choice = browser.get("/")
    assert "2 portfolios need a rebalance." in choice.text
    assert 'href="/p/%EB%B3%B4%EB%9D%BC"' in choice.text
    assert 'href="/p/anna/plan"' in browser.get("/p/anna").text
    assert browser.get("/p/보라/books").status == 200
    assert set(re.findall(r'(?:href|action)="(/[^"?#]*)', browser.get("/p/anna/plan?ways=1").text)) <= {
        "/", "/settings", *re.findall(r'"(/static/[^"?]+)', browser.get("/p/anna").text),
        *(f"/p/anna/{page}".rstrip("/") for page in ("", *(page.name for page in PAGES[1:]))),
    }  # fmt: skip
    assert browser.get("/p/none/plan").status == 404
    assert browser.get("/plan").status == 404
    done = browser.post("/p/anna/orders", {"what": "halt"}, follow=False)
    assert done.header("location") == "/p/anna/orders"
    assert order_state(files["anna"]).halted
    assert not order_state(files["보라"]).halted
    there = browser.post("/settings", {"theme": "dark", "page": "plan", "portfolio": "anna"}, follow=False)
    assert there.header("location") == "/p/anna/plan"
