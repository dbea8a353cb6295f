"""Run everybody's commands in an environment without any extra, and say how large it is (`make light`)."""

import subprocess
import sys
import sysconfig
import tempfile
from importlib.util import find_spec
from pathlib import Path

MOST_MEBIBYTES = 95
"""What the base installation may take on disk, without compiled bytecode."""
TOOLS = (
    "pip", "setuptools", "pkg_resources", "hatchling", "editables", "pathspec", "pluggy", "trove_classifiers",
)  # fmt: skip
"""What builds and installs it is no part of it."""
EXTRAS = ("numba", "matplotlib", "pyarrow", "openpyxl", "babel", "holidays", "yfinance", "starlette")
COMMANDS = (
    ["check", "--json"],
    ["plan", "--json"],
    ["invest", "1000000", "--json"],
    ["run", "--if-due"],
    ["doctor"],
    ["demo"],
)


def mebibytes(site: Path) -> float:
    files = (f for f in site.rglob("*") if f.is_file() and "__pycache__" not in f.parts)
    return (
        sum(f.stat().st_size for f in files if f.relative_to(site).parts[0].split("-")[0] not in TOOLS)
        / 2**20
    )


def main() -> int:
    present = [name for name in EXTRAS if find_spec(name)]
    if present:
        print(f"this environment has extras: {', '.join(present)}")
        return 1
    steelyard = Path(sys.executable).with_name("steelyard")
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(sysconfig.get_path("purelib")) / "steelyard" / "data" / "sample.toml"
        (Path(folder) / "portfolio.toml").write_text(sample.read_text(encoding="utf-8"), encoding="utf-8")
        for command in COMMANDS:
            done = subprocess.run(
                [steelyard, *command], cwd=folder, capture_output=True, text=True, check=False
            )
            print(f"{' '.join(command)}: exit {done.returncode}")
            if done.returncode or "Traceback" in done.stderr:
                print(done.stderr)
                failed += 1
        command = ["compare", "--demo"]
        done = subprocess.run([steelyard, *command], cwd=folder, capture_output=True, text=True, check=False)
        said = "pip install 'steelyard[lab]'" in done.stderr
        print(f"{' '.join(command)}: exit {done.returncode}, names its extra: {said}")
        failed += done.returncode != 2 or not said
    size = mebibytes(Path(sysconfig.get_path("purelib")))
    print(f"{size:.0f} MiB of at most {MOST_MEBIBYTES}")
    return 1 if failed or size > MOST_MEBIBYTES else 0


if __name__ == "__main__":
    sys.exit(main())
