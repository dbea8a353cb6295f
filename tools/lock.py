"""Write the hashed, URL-free locks of pyproject.toml's groups under requirements/.

A pin that still fits stays as it is; `--upgrade` takes the newest of everything.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run = [*project["project"]["dependencies"], *project["build-system"]["requires"], "editables"]
    extras = project["project"]["optional-dependencies"]
    # Those that talk to price services are tried by the tests only where somebody installed them.
    tried = [
        package
        for name in ("lab", "parquet", "excel", "serve", "mcp", "dask", "ray")
        for package in extras[name]
    ]
    groups = {"run": run, "dev": run + tried + project["dependency-groups"]["dev"]}
    # `make extras` installs the base with each of them, one at a time.
    groups |= {f"extra-{name}": run + packages for name, packages in extras.items() if name != "all"}
    groups |= {name: project["dependency-groups"][name] for name in ("browser", "clients", "peers", "lock")}
    for name, wanted in groups.items():
        lock = ROOT / "requirements" / f"{name}.txt"
        # `uv` is asked for here only: a lock is rewritten by hand, never during a build.
        command = [str(Path(sys.executable).with_name("uv")), "pip", "compile", "--universal"]
        command += ["--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-header"]
        command += ["--no-annotate", "--python-version", "3.11", "--quiet", "--output-file", str(lock)]
        subprocess.run([*command, *sys.argv[1:], "-"], input="\n".join(wanted), text=True, check=True)
        lines = [line for line in lock.read_text().splitlines() if not line.startswith(("--", "#"))]
        lock.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
