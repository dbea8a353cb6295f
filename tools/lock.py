"""Write the hashed, URL-free locks from pyproject.toml: run, dev and peers under requirements/."""

import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run = [*project["project"]["dependencies"], *project["build-system"]["requires"], "editables"]
    groups = {"run": run, "dev": run + project["dependency-groups"]["dev"]}
    groups["peers"] = project["dependency-groups"]["peers"]
    for name, wanted in groups.items():
        # `uv` is asked for here only: a lock is rewritten by hand, never during a build.
        command = ["uv", "pip", "compile", "--universal", "--generate-hashes", "--no-emit-index-url"]
        command += ["--no-header", "--no-annotate", "--python-version", "3.11", "--quiet", "-"]
        done = subprocess.run(command, input="\n".join(wanted), text=True, capture_output=True, check=True)
        lines = [line for line in done.stdout.splitlines() if not line.startswith(("--", "#"))]
        (ROOT / "requirements" / f"{name}.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
