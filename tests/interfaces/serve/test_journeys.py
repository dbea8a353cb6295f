"""Screens that write or tell of writing: journal, orders, tax, history and health, by the forms they show."""

import re
from datetime import date
from decimal import Decimal

import pytest

pytest.importorskip("starlette")

import steelyard
from builders import with_gains
from steelyard.api.serving import order_state, sample_text
from steelyard.app.books.performance import Rebalance, ValueDay, ValueHistory
from steelyard.interfaces.web.pages.history import lines_of

from .asking import Browser, ask

DAY = date(2026, 11, 23)
LINES = """date,account,type,symbol,shares,price,currency
2026-11-02,main,deposit,,1000000,,KRW
2026-11-03,main,buy,069500,2,35000,KRW
"""


def page_of(folder, text=None, **how):
    (folder / "portfolio.toml").write_text(text or sample_text(), encoding="utf-8")
    return Browser(folder / "portfolio.toml", as_of=DAY, **how)


def words(answer):
    return re.sub(r"[\s\u202f\xa0]+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def upload(browser, content, name="trades.csv", **fields):
    """A form with a file, as a browser sends it (RFC 7578)."""
    head = "--edge\r\nContent-Disposition: form-data; name="
    parts = [f'{head}"{key}"\r\n\r\n{value}\r\n' for key, value in fields.items()]
    parts.append(f'{head}"file"; filename="{name}"\r\n\r\n{content}\r\n--edge--\r\n')
    body = "".join(parts).encode()
    kind = {"content-type": "multipart/form-data; boundary=edge", "content-length": str(len(body))}
    return ask(browser.app, "POST", "/books", browser._headers(kind), body)


def test_an_entry_is_written_by_hand_and_taken_back(tmp_path):
    browser = page_of(tmp_path)
    fields = {"what": "record", "type": "deposit", "date": "2026-11-20", "shares": "50000 KRW"}
    # The journal is new: what the file holds has to be written first, and the form offers it.
    assert "Write first what the portfolio file holds" in words(browser.post("/books", fields))
    said = words(browser.post("/books", {**fields, "opening": "yes"}))
    assert "Written." in said
    assert "₩50,000" in said
    rows = steelyard.history(tmp_path / "portfolio.toml").rows
    assert rows[-1].entry.kind == "deposit"
    said = words(browser.post("/books", {"what": "undo", "number": str(rows[-1].number)}))
    assert "Taken back by a counter-entry." in said
    assert steelyard.history(tmp_path / "portfolio.toml").rows[-1].entry.kind != "deposit"


def test_what_cannot_be_written_is_said_and_kept_in_the_form(tmp_path):
    answer = page_of(tmp_path).post(
        "/books", {"what": "record", "type": "buy", "date": "2026-13-45", "symbol": "VOO", "shares": "many"}
    )
    assert answer.status == 422
    assert "Nothing was written." in answer.text
    assert 'value="many"' in answer.text
    assert not (tmp_path / "steelyard.db").exists()


def test_a_file_is_looked_at_before_it_is_added_and_added_once(tmp_path):
    browser = page_of(tmp_path)
    looked = upload(browser, LINES, what="look", opening="yes")
    assert "2 entries are new, 0 are there already." in words(looked)
    assert not (tmp_path / "steelyard.db").exists()
    number = re.search(r'name="upload" value="([\w-]+)"', looked.text)[1]
    said = words(browser.post("/books", {"what": "import", "upload": number, "opening": "yes"}))
    assert "The file was added." in said
    assert "trades.csv" in said
    kinds = [row.entry.kind for row in steelyard.history(tmp_path / "portfolio.toml").rows]
    assert kinds[-2:] == ["deposit", "buy"]
    assert "That file is no longer here." in words(
        browser.post("/books", {"what": "import", "upload": number})
    )
    assert "0 entries are new, 2 are there already." in words(upload(browser, LINES, what="look"))


NAMES = ("../../evil.csv", "/etc/passwd", "a\\..\\b.csv", "x" * 300 + ".csv", ".csv", "...", "a.c/../../sv")


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_an_upload_leads_nowhere(tmp_path, name):
    answer = upload(page_of(tmp_path), LINES, name, what="look", opening="yes")
    assert answer.status in (200, 422)
    assert [p.name for p in tmp_path.iterdir()] == ["portfolio.toml"]


def test_a_file_of_nothing_known_is_refused_with_its_reason(tmp_path):
    answer = upload(page_of(tmp_path), "\x00\x01 nothing", what="look")
    assert answer.status == 422
    assert "Nothing was written." in answer.text


def test_an_upload_has_an_end(tmp_path):
    browser = page_of(tmp_path)
    kind = {"content-type": "multipart/form-data; boundary=edge", "content-length": str(6 * 1024 * 1024)}
    assert ask(browser.app, "POST", "/books", browser._headers(kind), b"").status == 413


def saved(browser):
    mark = re.search(r'name="seen" value="(\w{64})"', browser.get("/plan").text)[1]
    browser.post("/plan", {"kind": "full", "seen": mark})


def test_a_saved_plan_is_approved_by_its_whole_hash_where_orders_are_on(tmp_path):
    browser = page_of(tmp_path)
    saved(browser)
    (kept,) = order_state(tmp_path / "portfolio.toml").plans
    said = browser.get("/orders")
    assert "A saved plan waits for your approval." in said.text
    assert "not approved" in said.text
    assert 'value="approve"' not in said.text
    refused = browser.post("/orders", {"what": "approve", "plan": kept.plan.id})
    assert refused.status == 422
    assert "orders are off" in refused.text
    on = page_of(tmp_path, orders=True)
    assert on.post("/orders", {"what": "approve", "plan": kept.plan.id[:12]}).status == 422
    assert "Approved." in on.post("/orders", {"what": "approve", "plan": kept.plan.id}).text
    (kept,) = order_state(tmp_path / "portfolio.toml").plans
    assert len(kept.approved_by) == 1
    assert steelyard.orders(tmp_path / "portfolio.toml").orders == ()  # approving sends nothing


def test_everything_is_halted_by_anybody_who_is_signed_in_and_lifted_where_orders_are_on(tmp_path):
    browser = page_of(tmp_path)
    assert "Everything is halted." in browser.post("/orders", {"what": "halt"}).text
    assert order_state(tmp_path / "portfolio.toml").halted
    assert browser.post("/orders", {"what": "resume"}).status == 422
    assert order_state(tmp_path / "portfolio.toml").halted
    assert "Nothing is open." in page_of(tmp_path, orders=True).post("/orders", {"what": "resume"}).text
    assert not order_state(tmp_path / "portfolio.toml").halted


def test_the_tax_of_a_year_without_a_sale(tmp_path):
    """Income Tax Act 103: 2,500,000 won of gains on funds listed abroad are free each year."""
    said = words(page_of(tmp_path, with_gains()).get("/tax"))
    assert "No tax is to be filed for 2026 so far." in said
    assert "₩2,500,000 can still be gained this year without tax." in said
    assert "Last day on which a sale still counts for this year." in said


def test_without_a_country_the_page_says_how_to_name_one(tmp_path):
    assert "does not say where you are taxed" in words(page_of(tmp_path).get("/tax"))


def test_health_says_what_doctor_says_also_of_a_broken_file(tmp_path):
    said = words(page_of(tmp_path).get("/health"))
    assert "no notification service is set" in said
    broken = page_of(tmp_path, sample_text().replace('"40%"', '"41%"')).get("/health")
    assert broken.status == 200
    assert "targets add up to 101" in words(broken)


def test_a_history_begins_with_how_to_record_one(tmp_path):
    assert "No day is recorded yet." in words(page_of(tmp_path).get("/history"))


TARGETS = {"t:069500": "30", "t:VOO": "35", "t:TLT": "20", "t:GLD": "15"}


def test_targets_are_looked_at_and_then_saved_with_every_comment(tmp_path):
    """VOO from 40 to 35 and GLD from 10 to 15: two lines of the file change, and nothing else."""
    text = sample_text().replace('VOO = "40%"', 'VOO = "40%"  # core')
    browser = page_of(tmp_path, text)
    looked = browser.post("/portfolio", {"what": "look", **TARGETS})
    assert "2 targets change. Not saved yet." in words(looked)
    assert "+VOO = &#34;35%&#34;  # core" in looked.text
    assert (tmp_path / "portfolio.toml").read_text(encoding="utf-8") == text
    seen = re.search(r'name="seen" value="(\w{64})"', looked.text)[1]
    assert "Saved." in words(browser.post("/portfolio", {"what": "save", "seen": seen, **TARGETS}))
    wanted = text.replace('VOO = "40%"', 'VOO = "35%"').replace('GLD = "10%"', 'GLD = "15%"')
    assert (tmp_path / "portfolio.toml").read_text(encoding="utf-8") == wanted


def test_targets_that_do_not_add_up_are_said_and_stay_in_the_form(tmp_path):
    answer = page_of(tmp_path).post("/portfolio", {"what": "look", **TARGETS, "t:GLD": "10"})
    assert answer.status == 200
    assert "targets add up to 95" in words(answer)
    assert 'name="t:VOO" inputmode="decimal" autocomplete="off" value="35"' in answer.text
    odd = page_of(tmp_path).post("/portfolio", {"what": "look", **TARGETS, "t:GLD": "<b>"})
    assert odd.status == 200
    assert "<b>" not in odd.text


def test_a_file_that_changed_meanwhile_is_told_and_nothing_is_lost(tmp_path):
    browser = page_of(tmp_path)
    looked = browser.post("/portfolio", {"what": "look", **TARGETS})
    seen = re.search(r'name="seen" value="(\w{64})"', looked.text)[1]
    theirs = sample_text() + "\n# somebody else was here\n"
    (tmp_path / "portfolio.toml").write_text(theirs, encoding="utf-8")
    said = browser.post("/portfolio", {"what": "save", "seen": seen, **TARGETS})
    assert "so nothing was written" in said.text
    assert 'value="35"' in said.text
    assert (tmp_path / "portfolio.toml").read_text(encoding="utf-8") == theirs


def test_targets_of_today_are_the_weights_that_are_held(tmp_path):
    """28, 48, 16 and 8 % of the sample, in which there is no cash."""
    answer = page_of(tmp_path).get("/portfolio?from=holdings")
    assert "4 targets change. Not saved yet." in words(answer)
    assert "VOO: 40.0 % → 48.0 %" in words(answer)


def test_the_lines_of_a_history_have_one_scale_that_begins_at_nothing():
    """100 and 50 more paid in, worth 200 in the end: of 204 units of height 200 is all, 150 is 153."""
    one, two, three = date(2026, 1, 1), date(2026, 1, 6), date(2026, 1, 11)

    def day(when, total, paid):
        return ValueDay(when, Decimal(total), Decimal(0), Decimal(0), False, Decimal(paid), None, Decimal(1))

    found = lines_of(
        ValueHistory(
            "KRW",
            (day(one, 100, 0), day(two, 100, 50), day(three, 200, 0)),
            (Rebalance(two, None, ("A",), ("B",), Decimal(1), None, None),),
            (), None, None, None, (),
        )
    )  # fmt: skip
    assert found.value == "M8.0 110.0L400.0 110.0L792.0 8.0"
    assert found.paid == "M8.0 110.0L400.0 59.0L792.0 59.0"
    assert found.marks == ((400.0, 110.0, 1),)


ODD = """Valuta;Vorgang;Ticker;Units;Each;Ccy
02.01.2026;Kauf;VOO;2;600,50;USD
03.02.2026;Umbuchung;VOO;1;0;USD
"""


def test_a_file_that_nothing_knows_is_read_by_clicks(tmp_path):
    """Two shares at 600.50; the columns whose names say nothing are chosen, one word is left out."""
    file = tmp_path / "portfolio.toml"
    file.write_text(
        'base_currency = "USD"\n[targets]\nVOO = "100%"\n[prices]\nVOO = "600"\n'
        '[[accounts]]\nname = "main"\n',
        encoding="utf-8",
    )
    browser = Browser(file, as_of=date(2026, 11, 23))
    asked = upload(browser, ODD, what="look", account="main")
    assert "No format here knows this file" in asked.text
    assert "<option selected>ticker</option>" in asked.text  # proposed by its name
    number = re.search(r'name="upload" value="([^"]+)"', asked.text)[1]
    said = {
        "what": "map", "upload": number, "account": "main", "c:date": "valuta", "c:type": "vorgang",
        "c:symbol": "ticker", "c:shares": "units", "c:price": "each", "c:currency": "ccy",
    }  # fmt: skip
    then = browser.post("/books", said)
    assert 'name="w:Kauf"' in then.text
    number = re.search(r'name="upload" value="([^"]+)"', then.text)[1]
    said |= {"w:Kauf": "buy", "w:Umbuchung": ""}
    two_ways = browser.post("/books", {**said, "upload": number})
    assert "02.01.2026 may be" in two_ways.text  # and everything that was chosen is still chosen
    assert "<option selected>valuta</option>" in two_ways.text
    number = re.search(r'name="upload" value="([^"]+)"', two_ways.text)[1]
    looked = browser.post("/books", {**said, "upload": number, "order": "dmy"})
    assert "1 entry is new" in looked.text, words(looked)
    assert steelyard.history(file).rows == ()
    form = looked.text.partition("btn primary")[0].rpartition("<form")[2]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    done = browser.post("/books", hidden)
    assert "The file was added." in done.text
    (row,) = steelyard.history(file).rows
    assert (row.entry.symbol, row.entry.shares, row.entry.price) == ("VOO", 2, Decimal("600.50"))
    assert row.entry.traded_on == date(2026, 1, 2)


def test_the_policy_is_looked_at_and_then_saved_with_every_comment(tmp_path):
    """The sample's VOO is 8 points over: outside a band of 5, inside one of 9; comments stay."""
    text = sample_text().replace('threshold = "5%"', 'threshold = "5%"  # as my father did')
    browser = page_of(tmp_path, text)
    file = tmp_path / "portfolio.toml"
    now = {"p:kind": "hybrid", "p:look": "quarterly", "p:threshold": "5%", "p:max_interval_days": "180"}
    assert 'value="5%"' in browser.get("/portfolio").text
    same = browser.post("/portfolio", {"what": "look-policy", **now})
    assert "Save the policy" not in same.text
    wide = {
        **now,
        "p:kind": "threshold",
        "p:threshold": "9%",
        "p:max_interval_days": "",
        "p:cooldown_days": "30",
    }
    looked = browser.post("/portfolio", {"what": "look-policy", **wide})
    assert "With these figures nothing would be due today." in looked.text
    assert file.read_text(encoding="utf-8") == text
    mark = re.search(r'name="seen" value="([0-9a-f]{64})"', looked.text)[1]
    other = browser.post("/portfolio", {"what": "save-policy", "seen": "0" * 64, **wide})
    assert "nothing was written" in other.text
    assert file.read_text(encoding="utf-8") == text
    browser.post("/portfolio", {"what": "save-policy", "seen": mark, **wide})
    expected = text.replace('kind = "hybrid"', 'kind = "threshold"').replace('"5%"  #', '"9%"  #')
    expected = expected.replace("max_interval_days = 180\n", "cooldown_days = 30\n")
    assert file.read_text(encoding="utf-8") == expected
    wrong = browser.post("/portfolio", {"what": "look-policy", **wide, "p:threshold": "wide"})
    assert wrong.status == 200
    assert 'value="wide"' in wrong.text
    assert browser.post("/portfolio", {"what": "save-policy", **wide, "p:threshold": "wide"}).status == 422
    assert file.read_text(encoding="utf-8") == expected
