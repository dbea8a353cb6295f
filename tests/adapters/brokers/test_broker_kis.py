"""KIS's adapter against a loopback server built from the documented fields, on top of a paper account.

The fields are those of github.com/koreainvestment/open-trading-api; nothing here was ever compared with a
live answer.
"""

import json
from datetime import date, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

import local_servers
from acceptance.broker_contract import MOMENT, BrokerContract, House, order
from steelyard.adapters.brokers.kis import KisBroker
from steelyard.adapters.brokers.kis_connection import KisConnection
from steelyard.adapters.brokers.paper import PaperBroker, PaperTerms
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.domain.trading.orders import Order
from steelyard.errors import InputError, NoAnswer, OrderNotTaken, ServiceError

D = Decimal
ZONES = {"XKRX": ZoneInfo("Asia/Seoul"), "XNYS": ZoneInfo("America/New_York")}
PAPER_IDS = {
    "VTTC8434R", "VTTC8908R", "VTTC0012U", "VTTC0011U", "VTTC0013U", "VTTC0081R", "VTTS3012R",
    "VTRP6504R", "VTTS3007R", "VTTT1002U", "VTTT1001U", "VTTT1004U", "VTTS3035R", "HHDFS00000300",
}  # fmt: skip


class Server:
    """KIS's paths in front of a paper account; `say` makes the next answers something else."""

    def __init__(self, path):
        self.prices, self.now, self.terms = {"VOO": D(500), "069500": D(35_000)}, MOMENT, PaperTerms()
        self.path, self.seen, self.say, self.page = path, [], [], 100
        self.token, self.cancels = 1, {}
        paper = self.paper()
        paper.endow({"USD": D(10_000), "KRW": D(1_000_000)}, {"VOO": D(20), "069500": D(30)})
        paper.close()
        handler = type("Handler", (_Handler,), {"owner": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}"
        local_servers.start(self.http)

    def paper(self):
        return PaperBroker(
            self.path,
            "main",
            prices=self.prices.get,
            now=lambda: self.now,
            sessions=ExchangeSessions(),
            terms=self.terms,
        )

    def answer(self, method, path, query, body, headers):
        if path == "/oauth2/tokenP":
            self.token += 1
            return 200, {"access_token": f"token-{self.token}", "token_type": "Bearer", "expires_in": 86400}
        if headers["authorization"] != f"Bearer token-{self.token}":
            return 500, {"rt_cd": "1", "msg_cd": "EGW00123", "msg1": "expired token"}
        if headers["tr_id"] not in PAPER_IDS:
            return 500, {"rt_cd": "1", "msg_cd": "OPSQ0002", "msg1": "no such service"}
        asked = body if method == "POST" else query
        if not path.endswith("/price") and (asked["CANO"], asked["ACNT_PRDT_CD"]) != ("12345678", "01"):
            return 200, {"rt_cd": "1", "msg_cd": "OPSQ2000", "msg1": "no such account"}
        paper = self.paper()
        try:
            return 200, {"rt_cd": "0", "msg_cd": "0", "msg1": "ok", **self._answer(paper, path, asked)}
        finally:
            paper.close()

    def _answer(self, paper, path, q):
        _, _, kind, _, *rest = path.split("/")
        call, us = rest[-1], kind.startswith("overseas")
        now = paper.statement()
        if call == "price":
            return {"output": {"last": "500.00" if (q["EXCD"], q["SYMB"]) == ("AMS", "VOO") else ""}}
        if call == "inquire-balance" and us:
            held = [h for h in now.holdings if h.symbol == "VOO"] if q["OVRS_EXCG_CD"] == "AMEX" else []
            names = [
                {
                    "ovrs_pdno": h.symbol,
                    "ovrs_cblc_qty": str(h.shares),
                    "ord_psbl_qty": str(h.free),
                    "ovrs_excg_cd": "AMEX",
                }
                for h in held
            ]
            return {"output1": names, "output2": {}}
        if call == "inquire-balance":
            names = [
                {"pdno": h.symbol, "hldg_qty": str(h.shares), "ord_psbl_qty": str(h.free)}
                for h in now.holdings
                if h.symbol != "VOO"
            ]
            won = now.balance("KRW")
            sums = {"dnca_tot_amt": str(won.settled), "prvs_rcdl_excc_amt": str(won.cash)}
            return {"output1": names, "output2": [sums]}
        if call == "inquire-psbl-order":
            return {"output": {"nrcvb_buy_amt": str(now.balance("KRW").buying_power)}}
        if call == "inquire-present-balance":
            row = {"crcy_cd": "USD", "frcr_dncl_amt_2": str(now.balance("USD").cash)}
            return {"output2": [{**row, "frcr_sll_amt_smtl": "0", "frcr_buy_amt_smtl": "0"}]}
        if call == "inquire-psamount":
            return {"output": {"ord_psbl_frcr_amt": str(now.balance("USD").buying_power)}}
        if call in ("order", "order-cash"):
            return self._order(paper, q, us)
        if call == "order-rvsecncl":
            number = int(q["ORGN_ODNO"])
            paper._db.execute(
                "UPDATE orders SET state = 'cancelled' WHERE number = ?"
                " AND state IN ('accepted', 'partially_filled')",
                (number,),
            )
            self.cancels[number] = str(900 + number).zfill(10)
            return {"output": {"ODNO": self.cancels[number]}}
        rows = [
            r
            for row in paper._query("SELECT * FROM orders WHERE state != 'rejected' ORDER BY number")
            if (row["exchange"] == "XNYS") == us
            for r in self._rows(row, us)
        ]
        size = 200 if us else 100
        start = int(q[f"CTX_AREA_NK{size}"] or 0)
        more = start + self.page < len(rows)
        keys = {f"ctx_area_fk{size}": "f" + " " * 9, f"ctx_area_nk{size}": f"{start + self.page:<20}"}
        page = {"output" if us else "output1": rows[start : start + self.page], **keys}
        return {**page, "_more": "M" if more else "D"}

    def _order(self, paper, q, us):
        sell = q.get("SLL_TYPE") == "00" if us else self.tr_id == "VTTC0011U"
        assert self.tr_id == (("VTTT1001U" if sell else "VTTT1002U") if us else self.tr_id)
        if us and (q["ORD_DVSN"], q["OVRS_EXCG_CD"]) != ("00", "AMEX"):
            return {"rt_cd": "7", "msg1": "limit orders on the exchange of the listing only"}
        count = paper._db.execute("SELECT count(*) FROM orders").fetchone()[0]
        wanted = Order(
            f"kis-{count}",
            "p",
            "main",
            q["PDNO"],
            "sell" if sell else "buy",
            D(q["ORD_QTY"]),
            D(q["OVRS_ORD_UNPR"] if us else q["ORD_UNPR"]),
            "USD" if us else "KRW",
            "XNYS" if us else "XKRX",
        )
        report = paper.submit(wanted)
        if report.state == "rejected":
            return {"rt_cd": "7", "msg_cd": "APBK0952", "msg1": report.note}
        return {"output": {"KRX_FWDG_ORD_ORGNO": "", "ODNO": report.broker_id, "ORD_TMD": "150000"}}

    def _rows(self, row, us):
        number, asked = str(row["number"]).zfill(10), D(row["shares"])
        rest = asked - D(row["filled"]) if row["state"] in ("accepted", "partially_filled") else D(0)
        day = date.fromisoformat(row["day"]).strftime("%Y%m%d")
        side = {"sll_buy_dvsn_cd": "01" if row["side"] == "sell" else "02"}
        both = {"ord_dt": day, "odno": number, "orgn_odno": "", "pdno": row["symbol"], **side}
        both |= {"ord_tmd": "150000", "ord_gno_brno": "06010"}
        if us:
            both |= {"ft_ord_qty": row["shares"], "ft_ccld_qty": row["filled"], "ft_ccld_amt3": row["paid"]}
            both |= {"nccs_qty": str(rest), "rjct_rson_name": "", "ovrs_excg_cd": "AMEX"}
        else:
            both |= {"ord_qty": row["shares"], "tot_ccld_qty": row["filled"], "tot_ccld_amt": row["paid"]}
            both |= {"rmn_qty": str(rest), "rjct_qty": "0"}
        yield both
        if row["number"] in self.cancels:
            filled = "ft_ccld_qty" if us else "tot_ccld_qty"
            left = "nccs_qty" if us else "rmn_qty"
            yield {**both, "odno": self.cancels[row["number"]], "orgn_odno": number, filled: "0", left: "0"}


class _Handler(BaseHTTPRequestHandler):
    owner = None

    def do(self):
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {k.lower(): v for k, v in self.headers.items()}
        self.owner.seen.append((self.command, parts.path, raw, headers))
        about_token = any("error_code" in text for _, text in self.owner.say)
        if self.owner.say and (parts.path == "/oauth2/tokenP") is about_token:
            status, text = self.owner.say.pop(0)
            if status is None:
                self.close_connection = True
                self.connection.close()
                return
        else:
            self.owner.tr_id = headers.get("tr_id")
            query = {k: v[0] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
            body = json.loads(raw) if raw else None
            status, answer = self.owner.answer(self.command, parts.path, query, body, headers)
            self.more = answer.pop("_more", "")
            text = json.dumps(answer)
        self.send_response(status)
        self.send_header("tr_cont", getattr(self, "more", ""))
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = do  # noqa: N815

    def log_message(self, *words):
        pass


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path / "kis.db")
    yield made
    local_servers.stop(made.http)


@pytest.fixture
def connect(server, tmp_path):
    def made(account="12345678-01", key="key"):
        wire = KisConnection(
            "paper", key, "secret", tmp_path / "token",
            now=lambda: server.now, wait=lambda seconds: None, loopback=server.address,
        )  # fmt: skip
        return KisBroker(wire, account, now=lambda: server.now, sessions=ExchangeSessions())

    return made


@pytest.fixture
def broker(connect):
    made = connect()
    yield made
    made.close()


def won(side="buy", shares="4", limit="35000"):
    return Order("sy-won", "p", "main", "069500", side, D(shares), D(limit), "KRW", "XKRX")


class TestKisBroker(BrokerContract):
    @pytest.fixture
    def house(self, server, broker):
        return House.on(server, broker, keeps_client_ids=False)


def test_korean_orders_move_won_and_korean_shares(server, broker):
    """4 shares at 35,000 won cost 140,000 of 1,000,000; they settle two sessions later."""
    server.now = server.now.replace(hour=1)  # 10:00 in Seoul, Tuesday
    report = broker.submit(won())
    found = broker.find(Order("sy-won", "p", "main", "069500", "buy", D(4), D(35_000), "KRW", "XKRX",
                              broker_id=report.broker_id))  # fmt: skip
    assert (found.state, found.filled, found.paid) == ("filled", 4, 140_000)
    now = broker.statement()
    assert (now.balance("KRW").cash, now.shares("069500"), now.shares("VOO")) == (860_000, 34, 20)
    (fill,) = broker.fills(date(2026, 11, 24))
    assert (fill.symbol, fill.price, fill.currency) == ("069500", 35_000, "KRW")
    assert fill.settles_on == date(2026, 11, 26)


def test_every_page_is_read(server, broker):
    server.page, server.prices["VOO"] = 2, D(600)
    for leg in range(1, 6):
        broker.submit(order(shares="1", limit=str(500 + leg), leg=leg))
    assert len(broker.open_orders()) == 5


def test_pages_that_do_not_end_are_left_after_the_fiftieth(server, broker):
    """A page of nothing that says there is more, again and again."""
    server.page, server.prices["VOO"] = 0, D(600)
    broker.submit(order(shares="1"))
    before = len(server.seen)
    with pytest.raises(ServiceError) as caught:
        broker.open_orders()
    assert caught.value.code == "broker-answer"
    assert len(server.seen) - before <= 60


def test_the_token_is_kept_for_its_owner_alone_and_renewed(server, connect, tmp_path):
    def issued():
        return sum(path == "/oauth2/tokenP" for _, path, _, _ in server.seen)

    connect().statement()
    connect().statement()
    assert issued() == 1, "the next process takes the token of the file"
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    server.now += timedelta(hours=23, minutes=55)
    connect().statement()
    assert issued() == 2, "it is renewed before it ends"
    server.token = 99
    connect().statement()
    assert issued() == 3, "a token the gateway calls expired is renewed"
    connect(key="another").statement()
    assert issued() == 4, "a token belongs to one key"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((500, '{"rt_cd": "1", "msg_cd": "EGW00201", "msg1": "too fast"}'), OrderNotTaken),
        ((500, '{"rt_cd": "1", "msg_cd": "OTHER", "msg1": "?"}'), NoAnswer),
        ((502, "<html>"), NoAnswer),
        ((200, "{}"), NoAnswer),
        ((200, '{"rt_cd": "0", "output": {}}'), NoAnswer),
        ((200, "[]"), NoAnswer),
        ((None, ""), NoAnswer),
    ],
)
def test_what_may_have_had_an_effect_is_told_from_what_had_none(server, broker, answer, error):
    broker.statement()
    before = len(server.seen)
    server.say = [answer]
    with pytest.raises(error):
        broker.submit(order())
    assert len(server.seen) == before + 1, "nothing is sent twice"


def test_an_inquiry_that_came_too_fast_is_asked_again(server, broker):
    server.say = [(500, '{"rt_cd": "1", "msg_cd": "EGW00201", "msg1": "too fast"}')] * 2
    assert broker.statement().balance("USD").cash == 10_000


TOO_FAST = (500, '{"rt_cd": "1", "msg_cd": "EGW00201", "msg1": "too fast"}')
NO_TOKEN_YET = (403, '{"error_code": "EGW00133", "error_description": "one token a minute"}')


@pytest.fixture
def patient(server, tmp_path):
    """A broker whose waits are written down instead of waited."""
    waits = []
    wire = KisConnection(
        "paper", "key", "secret", tmp_path / "token",
        now=lambda: server.now, wait=waits.append, loopback=server.address,
    )  # fmt: skip
    made = KisBroker(wire, "12345678-01", now=lambda: server.now, sessions=ExchangeSessions())
    yield made, waits
    made.close()


def test_calls_too_fast_wait_for_the_next_second_and_then_are_said_to_be_too_fast(server, patient):
    """The attack: it ended after 0.6 s with "check the keys". KIS counts calls a second."""
    broker, waits = patient
    broker.statement()
    server.say = [TOO_FAST] * 4
    with pytest.raises(OrderNotTaken) as caught:
        broker.statement()
    assert waits == [1.0] * 3
    assert caught.value.code == "broker-busy"
    assert "keys" not in caught.value.hint


@pytest.mark.parametrize("times", [1, 2])
def test_a_token_asked_for_too_early_waits_its_minute_and_then_is_said_to_be_too_early(
    server, patient, times
):
    """KIS gives one token a minute."""
    broker, waits = patient
    server.say = [NO_TOKEN_YET] * times
    if times == 1:
        assert broker.statement().balance("USD").cash == 10_000
    else:
        with pytest.raises(OrderNotTaken) as caught:
            broker.submit(order())
        assert caught.value.code == "broker-busy"
    assert waits == [60.0]


def test_a_us_sale_on_paper_has_its_own_id(server, broker):
    """VTTT1001U, and not the real TTTT1006U with a V, as KIS's text says and its sample does not."""
    broker.statement()
    broker.submit(order("sell", shares="1"))
    method, path, raw, headers = server.seen[-1]
    assert (method, path) == ("POST", "/uapi/overseas-stock/v1/trading/order")
    assert headers["tr_id"] == "VTTT1001U"
    assert json.loads(raw) == {
        "CANO": "12345678",
        "ACNT_PRDT_CD": "01",
        "OVRS_EXCG_CD": "AMEX",
        "PDNO": "VOO",
        "ORD_QTY": "1",
        "OVRS_ORD_UNPR": "500",
        "CTAC_TLNO": "",
        "MGCO_APTM_ODNO": "",
        "SLL_TYPE": "00",
        "ORD_SVR_DVSN_CD": "0",
        "ORD_DVSN": "00",
    }


@pytest.mark.parametrize(
    "wanted",
    [
        order(limit=None),
        order(shares="0.5"),
        Order("sy-1", "p", "main", "VOO", "buy", D(1), D(560_000), "KRW", "XNYS"),
    ],
)
def test_what_kis_cannot_take_never_leaves(server, broker, wanted):
    assert broker.submit(wanted).state == "rejected"
    assert server.seen == []


def test_an_unlisted_symbol_and_a_wrong_account_are_refused(server, broker, connect):
    assert "quotes TLT on none" in broker.submit(order(symbol="TLT")).note
    with pytest.raises(ServiceError, match="no such account"):
        connect(account="87654321-01").statement()
    with pytest.raises(InputError):
        connect(account="123")


def test_only_kis_hosts_and_this_machine_are_allowed(tmp_path):
    for mode, address in (("paper", "http://example.com"), ("demo", None)):
        with pytest.raises(InputError):
            KisConnection(mode, "k", "s", tmp_path / "t", now=lambda: MOMENT, loopback=address)
