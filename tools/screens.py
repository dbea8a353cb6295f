"""Pictures of every screen, at two widths, light, dark and Korean: `screens.py FOLDER [FILE [SCREEN...]]`.

Needs playwright and a chromium of the system; the portfolio is the bundled sample where FILE is `-`.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from shutil import which

from playwright.sync_api import sync_playwright

from steelyard.api.serving import sample_text

PAGES = {
    "overview": "/",
    "holdings": "/holdings",
    "plan": "/plan",
    "invest": "/plan?kind=invest&cash=1000000",
    "tax": "/tax",
    "books": "/books",
    "history": "/history",
    "portfolio": "/portfolio",
    "orders": "/orders",
    "health": "/health",
    "lab": "/lab",
}
LOOKS = (
    ("1280-light", 1280, "en-US", "light"),
    ("390-light", 390, "en-US", "light"),
    ("1280-dark", 1280, "en-US", "dark"),
    ("390-dark-ko", 390, "ko-KR", "dark"),
    ("1280-ko", 1280, "ko-KR", "light"),
)


def main() -> None:
    out, given, *only = [*sys.argv[1:], "-"] if len(sys.argv) == 2 else sys.argv[1:]
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "sample" / "portfolio.toml"
        file.parent.mkdir()
        file.write_text(sample_text(), encoding="utf-8")
        command = [str(Path(sys.executable).with_name("steelyard")), "serve"]
        command += [str(file) if given == "-" else given, "--port", "0"]
        server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            start = re.search(r"http://\S+", server.stderr.readline())[0]
            with sync_playwright() as play:
                browser = play.chromium.launch(executable_path=which("chromium"))
                session = None
                for name, width, locale, scheme in LOOKS:
                    context = browser.new_context(
                        viewport={"width": width, "height": 900},
                        locale=locale,
                        color_scheme=scheme,
                        storage_state=session,
                    )
                    page = context.new_page()
                    page.on("console", lambda message: print("console:", message.text))
                    if session is None:
                        page.goto(start)
                        session = context.storage_state()
                    for screen, path in PAGES.items():
                        if not only or screen in only:
                            page.goto(start.split("/start")[0] + path)
                            page.screenshot(path=folder / f"{screen}-{name}.png", full_page=True)
                    context.close()
                browser.close()
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
