"""Korea Investment & Securities (KIS): Korean and US orders of one account, in won and dollars.

KIS keeps no client order ids and numbers orders anew each day, so an order is known as `YYYYMMDD-NUMBER`
(the exchange's day). An order whose answer was lost stays unknown: nothing is matched by likeness. It was
only ever run against a stand-in built from the documented fields; no live call was made.

Source: github.com/koreainvestment/open-trading-api.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from steelyard.adapters.brokers.kis_connection import KisConnection
from steelyard.adapters.machine import trading_hours
from steelyard.adapters.machine.web_answers import decimal_of
from steelyard.domain.money import EXACT, ZERO, plain
from steelyard.domain.trades import Side
from steelyard.domain.trading.brokerage import (
    TRADED_IN,
    CashBalance,
    Fill,
    Held,
    OpenOrder,
    Statement,
    settles_on,
)
from steelyard.domain.trading.orders import (
    ACCEPTED,
    CANCELLED,
    EXPIRED,
    FILLED,
    PARTIALLY_FILLED,
    REJECTED,
    Order,
    Report,
)
from steelyard.errors import InputError, NoAnswer, OrderNotTaken, ServiceError
from steelyard.ports.market import Sessions
from steelyard.ports.trading import BrokerHabits
from steelyard.words import say

HOME, ABROAD = "/uapi/domestic-stock/v1/trading/", "/uapi/overseas-stock/v1/trading/"
PRICE = "/uapi/overseas-price/v1/quotations/price"

# Call: its id for a real account, and for a paper one, which is not always the real one with a V.
IDS = {
    "home-balance": ("TTTC8434R", "VTTC8434R"),
    "home-power": ("TTTC8908R", "VTTC8908R"),
    "home-buy": ("TTTC0012U", "VTTC0012U"),
    "home-sell": ("TTTC0011U", "VTTC0011U"),
    "home-cancel": ("TTTC0013U", "VTTC0013U"),
    "home-orders": ("TTTC0081R", "VTTC0081R"),
    "us-balance": ("TTTS3012R", "VTTS3012R"),
    "us-cash": ("CTRP6504R", "VTRP6504R"),
    "us-power": ("TTTS3007R", "VTTS3007R"),
    "us-buy": ("TTTT1002U", "VTTT1002U"),
    "us-sell": ("TTTT1006U", "VTTT1001U"),
    "us-cancel": ("TTTT1004U", "VTTT1004U"),
    "us-orders": ("TTTS3035R", "VTTS3035R"),
    "us-price": ("HHDFS00000300", "HHDFS00000300"),
}
# The code of an exchange in orders and balances, and in prices.
LISTED = (("NASD", "NAS"), ("NYSE", "NYS"), ("AMEX", "AMS"))
_ZONES = {"XKRX": ZoneInfo("Asia/Seoul"), "XNYS": ZoneInfo("America/New_York")}


class _Row:
    """One order as KIS lists it, Korean and US fields made one."""

    def __init__(self, exchange: str, raw: dict[str, Any]) -> None:
        us = exchange == "XNYS"
        self.exchange, self.raw = exchange, raw
        self.day = _text(raw, "ord_dt")
        self.number = _text(raw, "odno").zfill(10)
        self.id = f"{self.day}-{self.number}"
        self.original = _text(raw, "orgn_odno").strip("0")
        self.symbol = _text(raw, "pdno")
        self.side: Side = "sell" if _text(raw, "sll_buy_dvsn_cd") == "01" else "buy"
        self.shares = _number(raw, "ft_ord_qty" if us else "ord_qty")
        self.filled = _number(raw, "ft_ccld_qty" if us else "tot_ccld_qty")
        self.paid = _number(raw, "ft_ccld_amt3" if us else "tot_ccld_amt")
        self.rest = _number(raw, "nccs_qty" if us else "rmn_qty")
        self.refused = str(raw.get("rjct_rson_name") or "").strip() if us else ""
        if not us and _number(raw, "rjct_qty"):
            self.refused = "rejected"
        self.at = datetime.strptime(self.day + _text(raw, "ord_tmd").zfill(6), "%Y%m%d%H%M%S").replace(
            tzinfo=_ZONES[exchange]
        )


class KisBroker(BrokerHabits):
    """One account at KIS. See `steelyard.ports.trading.Broker`."""

    name = "kis"

    def __init__(
        self,
        connection: KisConnection,
        account: str,
        *,
        now: Callable[[], datetime],
        sessions: Sessions,
        integrated_margin: bool = False,
    ) -> None:
        """Serve an account; nothing is asked yet.

        Args:
            connection: With the keys.
            account: Its number, eight digits, a dash and two digits.
            now: The time, with its zone.
            sessions: Trading days, for settlement and opening hours.
            integrated_margin: The account has KIS's integrated margin, which pays US purchases in won.

        Raises:
            InputError: That is no account number (`broker-account`).
        """
        number, _, product = account.partition("-")
        if not (len(number) == 8 and len(product) == 2 and (number + product).isdecimal()):
            text = say("the account number of KIS is not 8 digits, a dash and 2 digits")
            raise InputError("broker-account", text, say("write it like 12345678-01"))
        self.practice = connection.mode == "paper"
        self._wire, self._now, self._sessions = connection, now, sessions
        self._power = "frcr_ord_psbl_amt1" if integrated_margin else "ord_psbl_frcr_amt"
        self._account = {"CANO": number, "ACNT_PRDT_CD": product}
        self._places: dict[str, str] = {}
        self.last_number = ""

    def close(self) -> None:
        """Close the connection."""
        self._wire.close()

    def statement(self) -> Statement:
        """Return won and dollars, Korean and US shares."""
        query = {
            "AFHR_FLPR_YN": "N",
            "OFL_YN": "",
            "INQR_DVSN": "02",
            "UNPR_DVSN": "01",
            "FUND_STTL_ICLD_YN": "N",
            "FNCG_AMT_AUTO_RDPT_YN": "N",
            "PRCS_DVSN": "00",
        }
        home = self._pages(HOME + "inquire-balance", "home-balance", query, 100)
        held = {
            _text(r, "pdno"): Held(_text(r, "pdno"), _number(r, "hldg_qty"), _number(r, "ord_psbl_qty"))
            for page in home
            for r in _rows(page, "output1")
        }
        for place in ("NASD",) if self._wire.mode == "live" else ("NASD", "NYSE", "AMEX"):
            asked = {"OVRS_EXCG_CD": place, "TR_CRCY_CD": "USD"}
            for page in self._pages(ABROAD + "inquire-balance", "us-balance", asked, 200):
                for r in _rows(page, "output1"):
                    symbol = _text(r, "ovrs_pdno")
                    held[symbol] = Held(symbol, _number(r, "ovrs_cblc_qty"), _number(r, "ord_psbl_qty"))
                    self._places[symbol] = _text(r, "ovrs_excg_cd")
        kept = tuple(h for h in held.values() if h.shares)
        return Statement(self._now().astimezone(UTC), (self._won(home[-1]), self._dollars()), kept)

    def is_open(self, exchange: str) -> bool:
        """Say whether the regular session is on; KIS has no call for shortened days."""
        return trading_hours.is_open(exchange, self._now(), self._sessions)

    def submit(self, order: Order) -> Report:
        """Send an order for the day; one in the wrong money never leaves."""
        if order.currency != TRADED_IN.get(order.exchange):
            return _refused(
                say(
                    "{exchange} does not trade in {currency}",
                    exchange=order.exchange,
                    currency=order.currency,
                )
            )
        if order.shares != order.shares.to_integral_value():
            return _refused(say("KIS takes whole shares only"))
        us = order.exchange == "XNYS"
        if us and order.limit is None:
            return _refused(say("KIS takes only limit orders in US hours"))
        count = plain(order.shares)
        if us:
            try:
                place = self._place(order.symbol)
            except ServiceError as error:
                raise OrderNotTaken(error.code, error.message, error.hint) from None
            if place is None:
                return _refused(say("KIS quotes {symbol} on none of its US exchanges", symbol=order.symbol))
            assert order.limit is not None
            path = ABROAD + "order"
            body = {
                "OVRS_EXCG_CD": place,
                "PDNO": order.symbol,
                "ORD_QTY": count,
                "OVRS_ORD_UNPR": plain(order.limit),
                "CTAC_TLNO": "",
                "MGCO_APTM_ODNO": "",
                "SLL_TYPE": "00" if order.side == "sell" else "",
                "ORD_SVR_DVSN_CD": "0",
                "ORD_DVSN": "00",
            }
        else:
            path = HOME + "order-cash"
            body = {
                "PDNO": order.symbol,
                "ORD_DVSN": "01" if order.limit is None else "00",
                "ORD_QTY": count,
                "ORD_UNPR": "0" if order.limit is None else plain(order.limit),
                "EXCG_ID_DVSN_CD": "KRX",
            }
        day = self._today(order.exchange)
        tr_id = self._id(f"{'us' if us else 'home'}-{order.side}")
        answer = self._wire.order(path, tr_id, {**self._account, **body})
        if answer["rt_cd"] != "0":
            return _refused(str(answer.get("msg1") or "refused").strip())
        output = answer.get("output")
        if not isinstance(output, dict) or not output.get("ODNO"):
            raise NoAnswer("broker-answer", say("KIS told no order number"), say("see the orders at KIS"))
        self.last_number = f"{day:%Y%m%d}-{str(output['ODNO']).zfill(10)}"
        return Report("", self.last_number, ACCEPTED)

    def find(self, order: Order) -> Report | None:
        """Ask by KIS's number; an order whose number was never told is not seen."""
        rows = self._orders_of(order)
        row = next((r for r in rows if r.id == order.broker_id), None)
        return None if row is None else self._report(row, rows)

    def cancel(self, order: Order) -> Report | None:
        """Ask for a cancellation, and what became of the order then."""
        rows = self._orders_of(order)
        row = next((r for r in rows if r.id == order.broker_id), None)
        if row is None:
            return None
        if self._report(row, rows).state in (ACCEPTED, PARTIALLY_FILLED):
            body = {**self._account, "ORGN_ODNO": row.number, "RVSE_CNCL_DVSN_CD": "02"}
            if row.exchange == "XNYS":
                body |= {"OVRS_EXCG_CD": _text(row.raw, "ovrs_excg_cd"), "PDNO": row.symbol}
                body |= {"ORD_QTY": plain(row.rest), "OVRS_ORD_UNPR": "0"}
                body |= {"MGCO_APTM_ODNO": "", "ORD_SVR_DVSN_CD": "0"}
                self._wire.order(ABROAD + "order-rvsecncl", self._id("us-cancel"), body)
            else:
                body |= {"KRX_FWDG_ORD_ORGNO": _text(row.raw, "ord_gno_brno"), "ORD_DVSN": "00"}
                body |= {"ORD_QTY": "0", "ORD_UNPR": "0", "QTY_ALL_ORD_YN": "Y"}
                self._wire.order(HOME + "order-rvsecncl", self._id("home-cancel"), body)
        return self.find(order)

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """Return every order of the last days that may still fill, in both markets."""
        found = []
        for exchange in ("XKRX", "XNYS"):
            rows = self._listed(exchange, self._today(exchange) - timedelta(days=1))
            for r in rows:
                if not r.original and self._report(r, rows).state in (ACCEPTED, PARTIALLY_FILLED):
                    found.append(OpenOrder("", r.id, r.symbol, r.side, r.shares))
        return tuple(found)

    def fills(self, since: date) -> tuple[Fill, ...]:
        """Return what filled since a date: one fill for each order that is over, as KIS tells totals only."""
        found = []
        for exchange in ("XKRX", "XNYS"):
            rows = self._listed(exchange, since)
            for r in rows:
                over = self._report(r, rows).state not in (ACCEPTED, PARTIALLY_FILLED)
                if r.original or not r.filled or not over:
                    continue
                day = settles_on(r.at.date(), exchange, self._session_of(exchange))
                price, currency = EXACT.divide(r.paid, r.filled), TRADED_IN[exchange]
                at = r.at.astimezone(UTC)
                found.append(Fill(r.id, "", r.id, r.symbol, r.side, r.filled, price, currency, ZERO, at, day))
        return tuple(sorted(found, key=lambda f: (f.at, f.id)))

    def _won(self, page: dict[str, Any]) -> CashBalance:
        sums = _rows(page, "output2")[0]
        query = {"PDNO": "", "ORD_UNPR": "", "ORD_DVSN": "00"}
        query |= {"CMA_EVLU_AMT_ICLD_YN": "N", "OVRS_ICLD_YN": "N"}
        asked = {**self._account, **query}
        answer = self._wire.ask(HOME + "inquire-psbl-order", self._id("home-power"), asked)
        # Without credit: what can be bought without owing anything at settlement.
        power = _number(_rows(answer, "output")[0], "nrcvb_buy_amt")
        # The deposit moves at settlement only; the amount two days on has today's trades in it.
        cash, settled = _number(sums, "prvs_rcdl_excc_amt"), _number(sums, "dnca_tot_amt")
        return CashBalance("KRW", cash, min(settled, power), power)

    def _dollars(self) -> CashBalance:
        query = {"WCRC_FRCR_DVSN_CD": "02", "NATN_CD": "840", "TR_MKET_CD": "00", "INQR_DVSN_CD": "00"}
        asked = {**self._account, **query}
        answer = self._wire.ask(ABROAD + "inquire-present-balance", self._id("us-cash"), asked)
        cash = settled = ZERO
        for r in _rows(answer, "output2"):
            if _text(r, "crcy_cd") == "USD":
                settled = _number(r, "frcr_dncl_amt_2")
                sold, bought = _number(r, "frcr_sll_amt_smtl"), _number(r, "frcr_buy_amt_smtl")
                cash = EXACT.subtract(EXACT.add(settled, sold), bought)
        query = {"OVRS_EXCG_CD": "NASD", "OVRS_ORD_UNPR": "1", "ITEM_CD": "QQQ"}
        asked = {**self._account, **query}
        answer = self._wire.ask(ABROAD + "inquire-psamount", self._id("us-power"), asked)
        power = _number(_rows(answer, "output")[0], self._power)
        # With integrated margin the power is more than the dollars that are there: won stand behind it.
        return CashBalance("USD", cash, min(settled, power), power)

    def _place(self, symbol: str) -> str | None:
        """Return where a US instrument is listed: as held, or the first exchange that quotes it."""
        if symbol not in self._places:
            for place, code in LISTED:
                query = {"AUTH": "", "EXCD": code, "SYMB": symbol}
                answer = self._wire.ask(PRICE, self._id("us-price"), query)
                if any(str(r.get("last") or "").strip() for r in _rows(answer, "output")):
                    self._places[symbol] = place
                    break
        return self._places.get(symbol)

    def _orders_of(self, order: Order) -> list[_Row]:
        if not order.broker_id:
            return []
        day = datetime.strptime(order.broker_id[:8], "%Y%m%d").date()
        return self._listed(order.exchange, day)

    def _listed(self, exchange: str, since: date) -> list[_Row]:
        since = min(since, self._today(exchange))
        days = {"STRT": f"{since:%Y%m%d}", "END": f"{self._today(exchange):%Y%m%d}"}
        if exchange == "XKRX":
            query = {"INQR_STRT_DT": days["STRT"], "INQR_END_DT": days["END"], "SLL_BUY_DVSN_CD": "00"}
            query |= {"PDNO": "", "CCLD_DVSN": "00", "INQR_DVSN": "01", "INQR_DVSN_3": "00"}
            query |= {"ORD_GNO_BRNO": "", "ODNO": "", "INQR_DVSN_1": "", "EXCG_ID_DVSN_CD": "KRX"}
            pages = self._pages(HOME + "inquire-daily-ccld", "home-orders", query, 100)
            return [_Row(exchange, r) for page in pages for r in _rows(page, "output1")]
        live = self._wire.mode == "live"
        query = {"PDNO": "%" if live else "", "ORD_STRT_DT": days["STRT"], "ORD_END_DT": days["END"]}
        query |= {"SLL_BUY_DVSN": "00", "CCLD_NCCS_DVSN": "00", "OVRS_EXCG_CD": "NASD" if live else ""}
        query |= {"SORT_SQN": "DS", "ORD_DT": "", "ORD_GNO_BRNO": "", "ODNO": ""}
        pages = self._pages(ABROAD + "inquire-ccnl", "us-orders", query, 200)
        return [_Row(exchange, r) for page in pages for r in _rows(page, "output")]

    def _report(self, row: _Row, rows: Iterable[_Row]) -> Report:
        asked = any(r.original == row.number.strip("0") and r.day == row.day for r in rows if r.original)
        over = row.day < f"{self._today(row.exchange):%Y%m%d}"
        if row.filled and row.filled == row.shares:
            state = FILLED
        elif row.refused and not row.filled:
            state = REJECTED
        elif asked and not row.rest:
            state = CANCELLED
        elif over or not row.rest:
            state = EXPIRED if over else CANCELLED
        else:
            state = PARTIALLY_FILLED if row.filled else ACCEPTED
        return Report("", row.id, state, row.filled, row.paid, note=row.refused)

    def _pages(self, path: str, call: str, query: dict[str, str], size: int) -> list[dict[str, Any]]:
        return self._wire.pages(path, self._id(call), {**self._account, **query}, size)

    def _id(self, call: str) -> str:
        return IDS[call][self._wire.mode != "live"]

    def _today(self, exchange: str) -> date:
        return trading_hours.trading_day(exchange, self._now()).date()

    def _session_of(self, exchange: str) -> Callable[[date], bool]:
        return lambda day: self._sessions.is_session(exchange, day)


def _refused(why: str) -> Report:
    return Report("", "", REJECTED, note=why)


def _rows(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return a part of an answer as rows: KIS gives one object or a list."""
    part = answer.get(name)
    rows = [part] if isinstance(part, dict) else part
    if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
        raise NoAnswer(
            "broker-answer", say("the answer of KIS has no {name}", name=name), say("ask again later")
        )
    if not rows and name in ("output2", "output"):
        return [] if name == "output" else [{}]
    return rows


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str):
        raise NoAnswer(
            "broker-answer", say("the answer of KIS has no {name}", name=name), say("ask again later")
        )
    return value.strip()


def _number(row: dict[str, Any], name: str) -> Decimal:
    try:
        return decimal_of(_text(row, name) or "0")
    except ValueError:
        raise NoAnswer(
            "broker-answer", say("{name} of KIS is not a number", name=name), say("ask again later")
        ) from None
