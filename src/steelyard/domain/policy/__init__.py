"""When a rebalance is due and where it trades to."""
