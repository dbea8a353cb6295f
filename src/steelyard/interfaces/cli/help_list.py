"""The list of commands as the help prints it: by what people do, a line each, none of them imported."""

from __future__ import annotations

from steelyard.words import say

SECTIONS = (
    (
        say("Every day"),
        {
            "check": say("see what you hold against your targets, and whether to act"),
            "plan": say("see exactly what to trade to get back on target"),
            "invest": say("see what to buy with new money, selling nothing"),
        },
    ),
    (
        say("Begin"),
        {
            "demo": say("watch the three of every day on a sample portfolio"),
            "init": say("write a portfolio file of your own, or begin a journal"),
            "models": say("look at well-known portfolios to start from"),
            "find": say("find a fund by name, symbol or class"),
            "targets": say("change the targets in the file"),
            "completion": say("let your shell complete commands, symbols and accounts"),
        },
    ),
    (
        say("Look"),
        {
            "holdings": say("what you hold, what it cost and what it gained"),
            "values": say("how the account grew, and its returns"),
            "history": say("entries of the journal, and what automation noted"),
            "prices": say("fetch, set and judge prices"),
            "serve": say("the portfolio as a page in your browser"),
        },
    ),
    (
        say("Trade"),
        {
            "withdraw": say("see what to sell to take money out, buying nothing"),
            "execute": say("carry out a saved plan"),
            "approve": say("approve a saved plan, where two people must"),
            "orders": say("orders and what became of them"),
            "cancel": say("cancel an order"),
            "sync": say("fetch fills, holdings and cash from the broker"),
            "batch": say("plan many accounts at once"),
        },
    ),
    (
        say("Books"),
        {
            "record": say("write down a trade, a deposit or a dividend"),
            "import": say("take trades from a broker's file"),
            "undo": say("take back the last entry"),
        },
    ),
    (
        say("Tax"),
        {
            "tax": say("what to pay this year, by when and where"),
            "harvest": say("losses and gains worth realising before the year ends"),
        },
    ),
    (
        say("Lab"),
        {
            "backtest": say("what your policy would have done on past prices"),
            "compare": say("which policy did better, and whether that is evident"),
            "bands": say("which band fits your own costs, taxes and size"),
            "deposits": say("how much saving makes selling unnecessary"),
            "lab": say("check what is known about rebalancing, find what is not"),
        },
    ),
    (
        say("Automation"),
        {
            "run": say("fetch prices, check, and alert when a rebalance is due"),
            "schedule": say("do so by itself, every hour"),
            "watch": say("do so without end, as in a container"),
            "notify": say("try your alerts, and see those sent"),
            "mcp": say("give an assistant tools that read and calculate"),
        },
    ),
    (
        say("Safety"),
        {
            "doctor": say("check the set-up and say what to do"),
            "halt": say("cancel open orders and refuse new ones"),
            "resume": say("allow orders again"),
            "arm": say("allow unattended orders, up to a date and an amount"),
            "disarm": say("take that back"),
            "audit": say("verify and read the record of decisions and orders"),
            "backup": say("copy the database"),
            "restore": say("put such a copy back"),
        },
    ),
)
"""Title and commands of each section, in the order of the help."""
