"""Rows of an Interactive Brokers Activity Flex Query, as several tests use them."""

FLEX = """<FlexQueryResponse queryName="all" type="AF">
<FlexStatements count="1"><FlexStatement accountId="U1" fromDate="20240101" toDate="20241231" \
period="YTD" whenGenerated="20250102;120000">
<Trades>
%s
</Trades>
</FlexStatement></FlexStatements></FlexQueryResponse>"""
TRADE = (
    '<Trade accountId="U1" currency="USD" assetCategory="STK" symbol="VOO" tradeID="1" '
    'tradeDate="20240103" quantity="%s" '
    'tradePrice="430.10" ibCommission="-0.35" ibCommissionCurrency="USD" taxes="0" buySell="%s" '
    'levelOfDetail="EXECUTION" />'
)
CASH = '<CashTransaction accountId="U1" currency="USD" symbol="%s" type="%s" amount="%s" transactionID="%s" \
description="%s" dateTime="2024-03-28;202000" levelOfDetail="DETAIL" />'
PER_SHARE = "VOO(US9229083632) CASH DIVIDEND USD 1.50 PER SHARE (Ordinary Dividend)"
ARRIVED = (
    '<Transfer accountId="U1" assetCategory="STK" symbol="VOO" date="20250813" direction="IN" type="FOP" '
    'quantity="13" transferPrice="0" positionAmount="7800" currency="USD" transactionID="9" />'
)
LOT = (
    '<OpenPosition accountId="U1" currency="USD" assetCategory="STK" symbol="VOO" position="%s" '
    'costBasisMoney="%s" openDateTime="%s" levelOfDetail="LOT" />'
)
SOLD = (TRADE % ("-1", "SELL")).replace("20240103", "20250901")
