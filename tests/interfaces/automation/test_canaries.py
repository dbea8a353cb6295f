"""Planted secrets are looked for in everything automation prints and writes."""

import os
from datetime import date

from builders import one_fund
from processes import run_command

# Every part of an address that is a secret holds the word; none of it is a real one.
CANARIES = {
    "STEELYARD_NOTIFY_TELEGRAM": "tgram://123456789:CANARYtokenCANARYtokenCANARYtoken01/987654321/",
    "STEELYARD_NOTIFY_SLACK": "slack://TCANARY12/BCANARY123/CANARYslackCANARYslack01/",
    "STEELYARD_NOTIFY_DISCORD": "discord://1234567890/CANARYdiscordCANARY/",
    "STEELYARD_NOTIFY_MAIL": "mailto://user:CANARYp%40ssword@127.0.0.1:9?from=a@example.org&to=b@example.org",
    "STEELYARD_NOTIFY_HOOK": "jsons://user:CANARYhook@127.0.0.1:9/CANARYpath?token=CANARYquery",
    "STEELYARD_NOTIFY_BROKEN": "slack://CANARYmalformed",
    "STEELYARD_NOTIFY_NONSENSE": "CANARYnonsense",
}
COMMANDS = (
    ("run",),
    ("run", "--json", "--log", "json"),
    ("run", "--if-due"),
    ("notify", "test"),
    ("notify", "list"),
    ("notify", "list", "--json"),
    ("prices", "fetch"),
    ("prices", "check"),
    ("prices", "show", "--json"),
    ("schedule", "show"),
    ("schedule", "install", "--print", "github"),
    ("schedule", "install", "--print", "kubernetes"),
    ("doctor",),
    ("doctor", "--json"),
    ("backup", "copy.db"),
)


def test_no_planted_secret_reaches_an_output_or_a_file(tmp_path):
    (tmp_path / "portfolio.toml").write_text(one_fund())
    (tmp_path / "prices").mkdir()
    (tmp_path / "prices" / "VOO.csv").write_text(f"date,close\n{date.today()},400\n")
    (tmp_path / ".env").write_text("".join(f'{name}="{value}"\n' for name, value in CANARIES.items()))
    (tmp_path / ".env").chmod(0o600)
    env = {k: v for k, v in os.environ.items() if not k.startswith("STEELYARD_")}
    # A proxy nobody listens at: the services fail, and nothing leaves the machine.
    env |= {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "NO_COLOR": "1"}
    for words in COMMANDS:
        done = run_command(tmp_path, *words, env=env)
        assert done.returncode != 1, (words, done.stderr)
        assert "canary" not in (done.stdout + done.stderr).lower(), words
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != ".env":
            assert b"canary" not in path.read_bytes().lower(), path
