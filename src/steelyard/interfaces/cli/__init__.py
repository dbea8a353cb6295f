"""The command line. Whoever imports it is a process that runs one command and ends."""

import atexit
import gc

# A command makes tens of thousands of objects that live as long as itself, nearly all without cycles. To look
# for cycles among them each time 700 are new took a quarter of the time that a journal's lots fold in
# (benchmarks/wash_sales.py), and once more at the end a tenth of the time of a whole `check`.
gc.set_threshold(50_000)
atexit.register(gc.freeze)
