"""Hold the commits since a base to their form: a subject of at most 60 characters, a body that says why.

Run as `python tools/commits.py [BASE]`. Exit 1 with one line a fault. Where git or its history is absent (a
source archive, a shallow clone) it says so and ends with 0.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
# The last commit before the rule; what is older is left as it is.
BASE = "71086d0"
LONGEST_SUBJECT = 60
TRAILER = re.compile(r"[A-Z][A-Za-z-]+: \S")


def faults(message: str) -> list[str]:
    """Return what is wrong with a commit's message; trailers such as `Co-authored-by:` are no body."""
    subject, _, rest = message.strip().partition("\n")
    found = []
    if len(subject) > LONGEST_SUBJECT:
        found.append(f"the subject has {len(subject)} characters, more than {LONGEST_SUBJECT}")
    if subject.endswith("."):
        found.append("the subject ends with a full stop")
    if rest and not rest.startswith("\n"):
        found.append("no empty line after the subject")
    if not [line for line in rest.splitlines() if line.strip() and not TRAILER.match(line)]:
        found.append("no body that says why")
    return found


def since(base: str, folder: Path = ROOT) -> dict[str, str] | None:
    """Return the messages of the commits after `base` by name, without merges; None without that history."""

    def git(*words: str) -> "subprocess.CompletedProcess[str]":
        command = ["git", "-C", str(folder), *words]
        return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)

    try:
        if git("merge-base", "--is-ancestor", base, "HEAD").returncode:
            return None
    except FileNotFoundError:
        return None
    told = git("log", "--no-merges", "--format=%h%x00%B%x01", f"{base}..HEAD").stdout
    return dict(entry.strip().split("\0") for entry in told.split("\1") if entry.strip())


def main() -> int:
    base = sys.argv[1] if len(sys.argv) > 1 else BASE
    messages = since(base)
    if messages is None:
        print(f"skipped: no history back to {base} here")
        return 0
    found = [(name, message, fault) for name, message in messages.items() for fault in faults(message)]
    for name, message, fault in found:
        print(f"{name} {message.splitlines()[0]}: {fault}", file=sys.stderr)
    print(f"{len(messages)} commits since {base}, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
