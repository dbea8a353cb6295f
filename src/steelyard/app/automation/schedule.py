"""What starts `run --if-due` again and again: a cron line, systemd units, or text for other schedulers.

The job is idempotent and knows its own look dates, so every schedule is simply "often": hourly. Each text
holds absolute paths, since cron gives a job nearly nothing of its owner's environment. A path that a text
cannot hold as it is, so that it would start something else, is refused.
"""

from __future__ import annotations

import hashlib
import plistlib
import shlex
import unicodedata
from pathlib import PurePath
from xml.sax.saxutils import escape

from steelyard.domain.shown import written
from steelyard.errors import InputError
from steelyard.records import dataclass
from steelyard.words import say

TAG = "# steelyard:"
KINDS = ("cron", "systemd", "launchd", "taskscheduler", "github", "kubernetes")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is scheduled.

    Attributes:
        program: Words that start steelyard, the first an absolute path.
        portfolio: Absolute path of the portfolio file.
        timezone: IANA name, for schedulers that know zones.
        minute: Minute of the hour.
    """

    program: tuple[str, ...]
    portfolio: PurePath
    timezone: str
    minute: int = 7

    @property
    def name(self) -> str:
        """A name for this portfolio's job: the folder's name and a mark of the whole path."""
        mark = hashlib.sha256(str(self.portfolio).encode()).hexdigest()[:8]
        folder = "".join(c if c.isascii() and c.isalnum() else "-" for c in self.portfolio.parent.name)
        return f"steelyard-{folder.strip('-').lower() or 'home'}-{mark}"

    @property
    def words(self) -> tuple[str, ...]:
        """The command as words."""
        return (*self.program, "run", str(self.portfolio), "--if-due")

    @property
    def log(self) -> PurePath:
        """Where cron's output goes."""
        return self.portfolio.parent / "steelyard.log"


@dataclass(frozen=True, slots=True)
class Installation:
    """What runs here and is to run on another machine.

    Attributes:
        python: Its version, as `3.12`.
        pins: `name==version` of steelyard, first, and of all it rests on.
    """

    python: str
    pins: tuple[str, ...]


def cron_line(entry: Entry) -> str:
    """Return the tagged crontab line.

    A per cent sign would end the command in a crontab, so it is escaped, once. A line end would begin another
    command, and a backslash is read in two ways by the crons there are.

    Raises:
        InputError: `schedule-path`.
    """
    _refuse(entry, "\\")
    command = f"{shlex.join(entry.words)} >> {shlex.quote(str(entry.log))} 2>&1"
    return f"{entry.minute} * * * * {_for_cron(command)} {TAG}{entry.name}"


def _for_cron(command: str) -> str:
    return command.replace("%", "\\%")


def with_line(crontab: str, entry: Entry) -> str:
    """Return a crontab with this portfolio's line, in place of an earlier one; all else stays as it is."""
    others = without_line(crontab, entry)
    return others + ("\n" if others and not others.endswith("\n") else "") + cron_line(entry) + "\n"


def without_line(crontab: str, entry: Entry) -> str:
    """Return a crontab without this portfolio's line, all else byte for byte as it was."""
    return "\n".join(line for line in crontab.split("\n") if not line.endswith(TAG + entry.name))


def line_in(crontab: str, entry: Entry) -> str | None:
    """Return this portfolio's line, None when there is none."""
    return next((line for line in crontab.split("\n") if line.endswith(TAG + entry.name)), None)


def unit_names(entry: Entry) -> tuple[str, str]:
    """Return the file names of the systemd service and timer."""
    return f"{entry.name}.service", f"{entry.name}.timer"


def _refuse(entry: Entry, signs: str = "") -> None:
    """Refuse a path with a control character, or with one of some signs."""
    for word in entry.words:
        found = next((c for c in word if unicodedata.category(c) in ("Cc", "Cs") or c in signs), "")
        if found:
            raise InputError(
                "schedule-path",
                say(
                    "no schedule of this kind can hold the path {path}, for {letter}",
                    path=ascii(word),
                    letter=ascii(found),
                ),
                say("rename the file or its folder"),
            )


def units(entry: Entry) -> dict[str, str]:
    """Return the systemd service and timer by file name; a missed run is made up for at the next start.

    Raises:
        InputError: `schedule-path`.
    """
    # A backslash at the end of a line joins the next one to it.
    _refuse(entry, "\\" if str(entry.portfolio.parent).endswith("\\") else "")
    command = " ".join(_for_systemd(word) for word in entry.words)
    folder = _path_for_systemd(str(entry.portfolio.parent))
    service = (
        f"[Unit]\nDescription=Steelyard: look after {_plain(entry.portfolio.name)}\n"
        "Wants=network-online.target\nAfter=network-online.target\n\n"
        f"[Service]\nType=oneshot\nWorkingDirectory={folder}\nExecStart={command}\n"
        "Nice=10\nTimeoutStartSec=15min\n"
    )
    timer = (
        f"[Unit]\nDescription=Steelyard: look after {_plain(entry.portfolio.name)} every hour\n\n"
        f"[Timer]\nOnCalendar=*-*-* *:{entry.minute:02}:00 {entry.timezone}\nPersistent=true\n"
        "RandomizedDelaySec=2min\n\n[Install]\nWantedBy=timers.target\n"
    )
    return dict(zip(unit_names(entry), (service, timer), strict=True))


def _plain(text: str) -> str:
    return _path_for_systemd("".join(c if c.isprintable() else "?" for c in text))


def _path_for_systemd(text: str) -> str:
    return text.replace("%", "%%")


def _for_systemd(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


def launchd(entry: Entry) -> str:
    """Return a launchd property list.

    Raises:
        InputError: A path holds a character that XML has no place for (`schedule-path`).
    """
    try:
        return plistlib.dumps(
            {
                "Label": entry.name,
                "ProgramArguments": list(entry.words),
                "StartCalendarInterval": {"Minute": entry.minute},
                "RunAtLoad": True,
                "StandardErrorPath": str(entry.log),
            },
            sort_keys=False,
        ).decode()
    except ValueError:
        raise InputError(
            "schedule-path",
            say("launchd cannot be told of {path}", path=ascii(str(entry.portfolio))),
            say("move the portfolio file to a folder without control characters in its name"),
        ) from None


def task_scheduler(entry: Entry) -> str:
    """Return a definition for the Windows Task Scheduler.

    Raises:
        InputError: `schedule-path`.
    """
    _refuse(entry, '"')
    command, *arguments = entry.words
    # Backslashes before a quote would quote the quote.
    quoted = " ".join('"' + word + "\\" * (len(word) - len(word.rstrip("\\"))) + '"' for word in arguments)
    return (
        '<?xml version="1.0"?>\n'
        '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">\n'
        "  <Triggers>\n    <CalendarTrigger>\n"
        f"      <StartBoundary>2026-01-01T00:{entry.minute:02}:00</StartBoundary>\n"
        "      <Repetition><Interval>PT1H</Interval></Repetition>\n"
        "      <ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>\n"
        "    </CalendarTrigger>\n  </Triggers>\n"
        "  <Settings>\n    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>\n"
        "    <StartWhenAvailable>true</StartWhenAvailable>\n  </Settings>\n"
        f"  <Actions>\n    <Exec>\n      <Command>{escape(command)}</Command>\n"
        f"      <Arguments>{escape(quoted)}</Arguments>\n"
        f"      <WorkingDirectory>{escape(str(entry.portfolio.parent))}</WorkingDirectory>\n"
        "    </Exec>\n  </Actions>\n</Task>\n"
    )


# A tag can be moved to other code, a commit cannot.
_ACTIONS = {
    "checkout": "11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2",
    "setup-python": "a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0",
    "cache": "5a3ec84eff668545956fd18022155c47e93e2684 # v4.2.3",
}


def github(entry: Entry, services: tuple[str, ...], here: Installation) -> str:
    """Return a GitHub Actions workflow; the database travels in the cache, secrets in the settings.

    Args:
        entry: What is run.
        services: Variables that hold secrets.
        here: What is installed there.
    """
    checkout, python, cache = (f"actions/{name}@{commit}" for name, commit in _ACTIONS.items())
    variables = "".join(f"      {name}: ${{{{ secrets.{name} }}}}\n" for name in services)
    env = f"    env:\n{variables}" if services else ""
    # An expression of theirs is filled in before the shell quotes anything.
    command = f"steelyard run {shlex.quote(entry.portfolio.name)} --if-due".replace("${{", "$''{{")
    return (
        "name: steelyard\n"
        f'on:\n  schedule:\n    - cron: "{entry.minute} * * * *" # UTC\n  workflow_dispatch:\n'
        "concurrency: steelyard\n"
        "jobs:\n  run:\n    runs-on: ubuntu-latest\n    timeout-minutes: 15\n"
        f"{env}"
        f"    steps:\n      - uses: {checkout}\n"
        f"      - uses: {python}\n        with:\n"
        f'          python-version: "{here.python}"\n'
        f"      - uses: {cache}\n        with:\n          path: steelyard.db\n"
        "          key: steelyard-${{ github.run_id }}\n          restore-keys: steelyard-\n"
        f"      - run: pip install {' '.join(here.pins)}\n"
        f"      - run: {_for_yaml(command)}\n"
    )


def kubernetes(entry: Entry, services: tuple[str, ...], here: Installation) -> str:
    """Return a Kubernetes CronJob; secrets come from a Secret called `steelyard`."""
    version = here.pins[0].partition("==")[2]
    # `$(NAME)` would be taken for a variable.
    file = "/data/" + entry.portfolio.name.replace("$(", "$$(")
    secrets = (
        "              envFrom:\n                - secretRef:\n                    name: steelyard\n"
        if services
        else ""
    )
    return (
        "apiVersion: batch/v1\nkind: CronJob\n"
        f"metadata:\n  name: {entry.name}\n"
        f'spec:\n  schedule: "{entry.minute} * * * *"\n  timeZone: {entry.timezone}\n'
        "  concurrencyPolicy: Forbid\n"
        "  jobTemplate:\n    spec:\n      activeDeadlineSeconds: 900\n      template:\n        spec:\n"
        "          restartPolicy: Never\n          containers:\n            - name: steelyard\n"
        f"              image: steelyard:{version}\n"
        f'              args: ["run", {_for_yaml(file)}, "--if-due"]\n'
        f"{secrets}"
        "              volumeMounts:\n                - name: data\n                  mountPath: /data\n"
        "          volumes:\n            - name: data\n              persistentVolumeClaim:\n"
        "                claimName: steelyard\n"
    )


def _for_yaml(text: str) -> str:
    """Return a text in the double quotes of YAML, whose escapes are not quite those of JSON."""
    out = {"\\": "\\\\", '"': '\\"'}
    return '"' + "".join(out.get(c) or (c if c.isprintable() else written(c)) for c in text) + '"'


def text(kind: str, entry: Entry, services: tuple[str, ...], here: Installation) -> str:
    """Return what a scheduler of one of KINDS is given.

    Args:
        kind: Which.
        entry: What is run.
        services: Variables that hold secrets.
        here: What is installed there where a machine is made for it.
    """
    if kind == "cron":
        return cron_line(entry) + "\n"
    if kind == "systemd":
        return "\n".join(f"# {name}\n{unit}" for name, unit in units(entry).items())
    if kind == "launchd":
        return launchd(entry)
    if kind == "taskscheduler":
        return task_scheduler(entry)
    return github(entry, services, here) if kind == "github" else kubernetes(entry, services, here)
