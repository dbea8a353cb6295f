"""The server of the page: on this machine only, one process, stopped by Ctrl-C."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from steelyard.api.serving import (
    note_taken,
    page_password,
    page_token,
    portfolio_files,
    send_signed,
    webhook_secret,
    webhook_taken,
)
from steelyard.errors import InputError
from steelyard.extras import ExtraMissing
from steelyard.interfaces.http.feed import Feed
from steelyard.interfaces.http.jobs import Jobs
from steelyard.interfaces.http.leave import Leave
from steelyard.interfaces.http.webhooks import Webhooks, need_address
from steelyard.interfaces.web.application import Site, application
from steelyard.interfaces.web.behind import name_of
from steelyard.interfaces.web.sessions import Sessions
from steelyard.words import say

try:
    import uvicorn
except ImportError:
    raise ExtraMissing("serve", say("the page"), "uvicorn") from None

from steelyard.interfaces.web.patience import Patient

ADDRESS = "127.0.0.1"
"""Nothing else is listened to: beyond this machine there is no page (docs/guides/page.md)."""
PORT = 8765
CONNECTIONS = 128
HEADER_BYTES = 16 * 1024
IDLE_SECONDS = 5


def serve(
    path: Path,
    *,
    port: int,
    as_of: date | None,
    told: Callable[[str], None],
    orders: int = 0,
    webhook: str = "",
    prices: Path | None = None,
    behind: str = "",
    password_file: Path | None = None,
) -> None:
    """Show a portfolio, or those of a folder, until somebody stops it.

    Args:
        path: The portfolio file, which may not be there yet, or a folder of portfolios.
        port: Where to listen; 0 takes any that is free.
        as_of: The day to evaluate for, None for today, always.
        orders: For how many minutes a saved plan may be approved here; 0 for never.
        webhook: An address that every event is sent to, empty for none.
        prices: Past prices for the backtests of assistants.
        behind: The https address of a proxy on this computer, empty for none.
        password_file: What is asked of who comes by it.
        told: Called with the address to open first, which works once, as soon as connections are taken.

    Raises:
        InputError: Nothing can listen there (`port`), the token cannot be used (`page-token`), the folder
            holds no portfolio (`no-portfolios`), or the address is none (`webhook-address`).
    """
    files = portfolio_files(path)
    if webhook:
        need_address(webhook)
    password = _password(behind, password_file)
    name = name_of(behind) if behind else ""
    with _listening(port) as listener:
        taken = listener.getsockname()[1]
        beside = path / "portfolio.toml" if path.is_dir() else path
        sessions = Sessions(taken, page_token(beside), password)
        jobs = Jobs()
        app = application(Site(files, sessions, taken, as_of, Leave(orders), jobs, prices, orders > 0, name))
        told(f"http://{ADDRESS}:{taken}/start?code={sessions.start_code}")
        config = uvicorn.Config(
            app,
            access_log=False,  # The start code stands in an address.
            h11_max_incomplete_event_size=HEADER_BYTES,
            http=Patient,
            interface="asgi3",
            lifespan="off",
            limit_concurrency=CONNECTIONS,
            log_level="warning",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=IDLE_SECONDS,
            ws="none",
        )
        hooks = _webhooks(beside, files, webhook) if webhook else None
        try:
            uvicorn.Server(config).run(sockets=[listener])
        finally:
            jobs.close()
            if hooks is not None:
                hooks.close()


def _password(behind: str, file: Path | None) -> str:
    """Return the password of who comes from another computer.

    Raises:
        InputError: One of the two is not given (`behind`), or the file cannot be used (`password-file`).
    """
    if not behind and file is None:
        return ""
    if not behind or file is None:
        raise InputError(
            "behind",
            say("a page that is seen from another computer needs both an https address and a password"),
            say("write {example}", example="--behind https://home.example --password-file password.txt"),
        )
    return page_password(file)


def _webhooks(beside: Path, files: Mapping[str, Path], url: str) -> Webhooks:
    """Send what happens from now on, or since the event that was taken last."""
    feed = Feed(files)
    hooks = Webhooks(
        feed,
        webhook_secret(beside),
        webhook_taken(beside) or feed.last_id(),
        lambda headers, body: send_signed(url, headers, body),
        lambda event: note_taken(beside, event),
    )
    hooks.start()
    return hooks


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((ADDRESS, port))
        listener.listen(CONNECTIONS)
    except OSError as error:
        listener.close()
        raise InputError(
            "port",
            say("nothing can listen on port {port}: {why}", port=port, why=error.strerror),
            say("run: {command}", command="steelyard serve --port 0"),
        ) from None
    return listener
