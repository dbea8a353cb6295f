"""Plans of one-account portfolios over HTTP by 50 connections, beside the same plans by the library alone.

The processor that the server takes for a plan is compared with what the library takes in a process of its
own; a busy machine changes the ratio little. So is what it takes from a question to its answer: by the clock
where the machine is idle, by the server's processor (in hundredths of a second) where it is not. Memory is
looked at after each tenth: it has to be flat.
`serving_load.py [REQUESTS]`.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import steelyard
from steelyard.api.serving import sample_text

CONNECTIONS = 50
OURS = "from steelyard.interfaces.cli.main import main; main()"
STATED = {
    "base_currency": "USD",
    "targets": {"VOO": "40%", "BND": "30%", "VEA": "20%", "GLD": "10%"},
    "accounts": [{"name": "main", "cash": {"USD": "1000"}, "positions": [{"symbol": "VOO", "shares": "20"}]}],
    "prices": {"VOO": "612.31", "BND": "73.12", "VEA": "58.43", "GLD": "371.05"},
}


def processor(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def alone(times=300):
    """Seconds of the processor that the library takes to read, plan and write one."""
    began = time.process_time()
    for _ in range(times):
        held = steelyard.build(**STATED)
        json.dumps(steelyard.plan(held).to_dict(), default=str)
    return (time.process_time() - began) / times


async def connection(server, token, many, name, taken):
    pid, port = server
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in range(many):
        cash = {
            "name": "main",
            "cash": {"USD": str(1000 + number)},
            "positions": STATED["accounts"][0]["positions"],
        }
        body = json.dumps({"portfolio": {**STATED, "accounts": [cash]}}).encode()
        head = (
            f"POST /v1/plans HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nIdempotency-Key: {name}-{number}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        began, used = time.perf_counter(), processor(pid)
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", answer)[1])
        await reader.readexactly(length)
        assert answer.startswith(b"HTTP/1.1 200"), answer[:100]
        taken.append((time.perf_counter() - began, processor(pid) - used))
    writer.close()


async def crowd(server, token, requests, name):
    taken = []
    many = max(1, requests // CONNECTIONS)
    await asyncio.gather(*(connection(server, token, many, f"{name}-{n}", taken) for n in range(CONNECTIONS)))
    return taken


def main():
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    library = alone()
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "portfolio.toml").write_text(sample_text(), encoding="utf-8")
        server = subprocess.Popen(
            [sys.executable, "-c", OURS, "serve", "--port", "0"], cwd=place, stderr=subprocess.PIPE, text=True
        )
        try:
            port = int(re.search(r":(\d+)/", server.stderr.readline())[1])
            token = (Path(place) / ".steelyard-page-token").read_text().strip()
            asked = (server.pid, port)
            asyncio.run(crowd(asked, token, 500, "warm"))
            used, began, taken = processor(server.pid), time.perf_counter(), []
            for tenth in range(10):
                taken += asyncio.run(crowd(asked, token, requests // 10, f"t{tenth}"))
                print(f"after {len(taken)} requests: {resident(server.pid):.1f} MiB", flush=True)
            seconds, used = time.perf_counter() - began, processor(server.pid) - used
            each = used / len(taken)
            print(f"{len(taken) / seconds:.0f} plans a second on the clock, {1 / each:.0f} of its processor")
            times = (
                f"{each * 1000:.2f} ms, the library alone {library * 1000:.2f}, {each / library:.2f} times"
            )
            print(f"processor a plan: {times}")
            for number, clock in enumerate(("on the clock", "of the server's processor")):
                sorted_ = sorted(both[number] for both in taken)
                p50, p99 = (sorted_[int(share * len(sorted_))] * 1000 for share in (0.5, 0.99))
                print(f"from question to answer {clock}: p50 {p50:.0f} ms, p99 {p99:.0f} ms")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
