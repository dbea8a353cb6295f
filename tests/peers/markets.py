"""Yahoo's chart service, Naver's chart service and the European Central Bank's rates, in the form they have.

Sources: the answers as public clients read them (Yahoo: ranaroussi/yfinance, gadicc/yahoo-finance2;
Naver: FinanceDataReader), and the banks' own descriptions of their rates.
"""

import json
from datetime import datetime, time, timedelta
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

from peers.proxy import Asked, Reply
from steelyard.adapters.machine.calendar import ExchangeSessions

YAHOO, YAHOO_TWO, YAHOO_COOKIE = "query1.finance.yahoo.com", "query2.finance.yahoo.com", "fc.yahoo.com"
NAVER, ECB = "fchart.stock.naver.com", "www.ecb.europa.eu"
EXIMBANK = "oapi.koreaexim.go.kr"


class Market:
    """One of them.

    Attributes:
        plan: What becomes of the next requests: statuses, HANG, RESET, or a body of bytes.
        series: Closes by symbol and day, as the service calls the symbol.
        currencies: By symbol, USD unless given.
        splits: Ratio (`(4, 1)`) by symbol and day.
    """

    zone = "America/New_York"
    opens = time(9, 30)

    def __init__(self, series: dict) -> None:
        self.series, self.plan = series, []
        self.currencies: dict[str, str] = {}
        self.splits: dict[str, dict] = {}

    def __call__(self, asked: Asked) -> Reply:
        wish = self.plan.pop(0) if self.plan else None
        if isinstance(wish, str):
            return Reply(trouble=wish)
        if isinstance(wish, int):
            return Reply(wish, b"Too Many Requests\r\n", {"Content-Type": "text/html"})
        if isinstance(wish, bytes):
            return Reply(200, wish)
        return self.answer(asked)

    def answer(self, asked: Asked) -> Reply:
        raise NotImplementedError


class Yahoo(Market):
    """`/v8/finance/chart/SYMBOL`: closes in single precision, times in seconds at the opening."""

    def answer(self, asked: Asked) -> Reply:
        address = urlsplit(asked.path)
        symbol = unquote(address.path.rsplit("/", 1)[1])
        query = {k: v[0] for k, v in parse_qs(address.query).items()}
        if symbol not in self.series:
            error = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
            return _json({"chart": {"result": None, "error": error}}, 404)
        low, high = int(query.get("period1", 0)), int(query.get("period2", 4e9))
        zone = ZoneInfo(self.zone)

        def stamp(day):
            return int(datetime.combine(day, self.opens, zone).timestamp())

        days = [d for d in sorted(self.series[symbol]) if low <= stamp(d) < high]
        closes = [self.series[symbol][d] for d in days]
        quote = dict.fromkeys(("open", "high", "low", "close"), closes)
        result = {
            "meta": {
                "currency": self.currencies.get(symbol, "USD"),
                "symbol": symbol,
                "exchangeName": "PCX",
                "instrumentType": "ETF",
                "gmtoffset": -18000,
                "timezone": "EST",
                "exchangeTimezoneName": self.zone,
                "regularMarketPrice": closes[-1] if closes else None,
                "priceHint": 2,
                "dataGranularity": "1d",
                "range": "",
                "validRanges": ["1d", "5d", "1mo", "max"],
            },
            "timestamp": [stamp(d) for d in days],
            "indicators": {
                "quote": [{**quote, "volume": [1] * len(days)}],
                "adjclose": [{"adjclose": closes}],
            },
        }
        splits = {
            str(stamp(d)): {"date": stamp(d), "numerator": n, "denominator": m, "splitRatio": f"{n:g}:{m:g}"}
            for d, (n, m) in self.splits.get(symbol, {}).items()
        }
        if splits:
            result["events"] = {"splits": splits}
        if not days:
            del result["timestamp"]
            result["indicators"] = {"quote": [{}], "adjclose": [{}]}
        return _json({"chart": {"result": [result], "error": None}})


class Naver(Market):
    """`/sise.nhn`: XML in EUC-KR, the newest `count` sessions."""

    def answer(self, asked: Asked) -> Reply:
        query = {k: v[0] for k, v in parse_qs(urlsplit(asked.path).query).items()}
        assert (query["timeframe"], query["requestType"]) == ("day", "0")
        days = sorted(self.series.get(query["symbol"], {}).items())[-int(query["count"]) :]
        items = "".join(f'<item data="{d:%Y%m%d}|{p}|{p}|{p}|{p}|1000" />\n' for d, p in days)
        text = (
            '<?xml version="1.0" encoding="EUC-KR" ?>\n<protocol>\n'
            f'<chartdata symbol="{query["symbol"]}" name="코덱스 200" count="{len(days)}" timeframe="day"'
            f' precision="0" origintime="20021014">\n{items}</chartdata>\n</protocol>\n'
        )
        return Reply(200, text.encode("euc-kr"), {"Content-Type": "text/xml;charset=EUC-KR"})


class CentralBank(Market):
    """`eurofxref-hist-90d.xml`: units of each currency for one euro, newest day first."""

    def answer(self, asked: Asked) -> Reply:
        assert urlsplit(asked.path).path == "/stats/eurofxref/eurofxref-hist-90d.xml"
        days = sorted({d for rates in self.series.values() for d in rates}, reverse=True)
        cubes = "".join(
            f'<Cube time="{day}">'
            + "".join(f'<Cube currency="{c}" rate="{r[day]}"/>' for c, r in self.series.items() if day in r)
            + "</Cube>"
            for day in days
        )
        text = (
            '<?xml version="1.0" encoding="UTF-8"?><gesmes:Envelope'
            ' xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"'
            ' xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">'
            "<gesmes:subject>Reference rates</gesmes:subject><gesmes:Sender>"
            "<gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>"
            f"<Cube>{cubes}</Cube></gesmes:Envelope>"
        )
        return Reply(200, text.encode(), {"Content-Type": "text/xml"})


class ExportImportBank(Market):
    """`/site/program/financial/exchangeJSON`: all currencies of one day, in won, for who has the key.

    `series` has the base rate of each unit (`JPY(100)`) by day; the bank's own rate, which no return counts,
    is ten won above it. A day without any is an empty list. After `limit` requests it answers with result 4.
    """

    def __init__(self, series: dict, *, key: str, limit: int = 1000) -> None:
        super().__init__(series)
        self.key, self.left = key, limit

    def answer(self, asked: Asked) -> Reply:
        address = urlsplit(asked.path)
        assert address.path == "/site/program/financial/exchangeJSON"
        query = {k: v[0] for k, v in parse_qs(address.query).items()}
        self.left -= 1
        result = 3 if query["authkey"] != self.key else 2 if query["data"] != "AP01" else 1
        result = 4 if self.left < 0 else result
        if result != 1:
            empty = dict.fromkeys(("cur_unit", "ttb", "tts", "deal_bas_r", "kftc_deal_bas_r", "cur_nm"))
            return _json([{"result": result} | empty])
        day = datetime.strptime(query["searchdate"], "%Y%m%d").date()
        rows = [
            {
                "result": 1,
                "cur_unit": unit,
                "ttb": f"{rates[day] * 0.99:,.2f}",
                "tts": f"{rates[day] * 1.01:,.2f}",
                "deal_bas_r": f"{rates[day] + 10:,.2f}",
                "bkpr": f"{rates[day]:,.0f}",
                "yy_efee_r": "0",
                "ten_dd_efee_r": "0",
                "kftc_bkpr": f"{rates[day]:,.0f}",
                "kftc_deal_bas_r": f"{rates[day]:,.2f}",
                "cur_nm": unit,
            }
            for unit, rates in self.series.items()
            if day in rates
        ]
        return _json(rows)


def _json(body: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json;charset=utf-8"})


def sessions(last, count):
    """Return the days up to one on which Seoul and New York both trade, oldest first."""
    calendar = ExchangeSessions()
    days = [last - timedelta(days=n) for n in range(count * 2 + 10)]
    return [d for d in days if all(calendar.is_session(e, d) for e in ("XKRX", "XNYS"))][:count][::-1]
