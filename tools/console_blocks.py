"""Writes anew what the console blocks of pages show: `python tools/console_blocks.py docs/tutorial.md ...`.

Each page is carried out as the tests do; a block that ends in `...` keeps as many lines as it has. Read the
difference before you commit it: this makes a page agree with the program, not the program right.
"""

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "tests"))
from pages import carry_out, console, lines, pages  # noqa: E402


def renew(page: Path) -> int:
    """Write a page's blocks anew and return how many were other than what was shown."""
    written_anew: list[tuple[str, str]] = []

    def follow(block: str, folder: Path, language: str) -> None:
        written = []
        for command, shown, text in console(block, folder, language):
            printed = [line.rstrip() for line in text.strip("\n").splitlines()]
            kept = shown.strip("\n").splitlines()
            if kept and kept[-1] == "...":
                printed = [*printed[: len(kept) - 1], "..."]
            if lines("\n".join(printed)) == lines(shown):
                printed = kept
            written += [f"$ {command}", *printed]
        written_anew.append((block, "\n".join(written) + "\n"))

    with tempfile.TemporaryDirectory() as folder:
        before = Path.cwd()
        os.chdir(folder)
        try:
            carry_out(page, Path(folder), follow)
        finally:
            os.chdir(before)
    text, done = page.read_text(encoding="utf-8"), 0
    for old, new in written_anew:  # in the order of the page, so that equal blocks get their own
        start = text.index(f"```console\n{old}```", done)
        text = f"{text[:start]}```console\n{new}```{text[start + len(old) + 14 :]}"
        done = start + len(new) + 14
    page.write_text(text, encoding="utf-8")
    return sum(old != new for old, new in written_anew)


if __name__ == "__main__":
    for page in [Path(name).resolve() for name in sys.argv[1:]] or pages():
        print(f"{page.relative_to(ROOT)}: {renew(page)} blocks written anew")
