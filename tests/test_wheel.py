"""What is installed is what was tested: the wheel holds the data files and runs without the checkout."""

import os
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    builders = pytest.importorskip("hatchling.builders.wheel")
    folder = tmp_path_factory.mktemp("wheel")
    (built,) = builders.WheelBuilder(str(ROOT)).build(directory=str(folder))
    return Path(built)


def test_a_wheel_holds_every_file_of_the_package_that_is_not_compiled(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("steelyard/")}
    files = {
        path.relative_to(SOURCE).as_posix() + (".z" if path.suffix in (".po", ".ttf") else "")
        for path in (SOURCE / "steelyard").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"steelyard/py.typed", "steelyard/data/sample.toml", "steelyard/data/catalogue.json"} <= packed
    assert packed == files


def test_the_demo_runs_from_the_wheel_alone(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = (
        "import steelyard; print(steelyard.__file__)\nfrom steelyard.interfaces.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "demo", "--as-of", "2026-11-23"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path))
    assert "proven optimal" in done.stdout


def test_a_wheel_speaks_korean_from_its_packed_catalogue_which_is_the_sources_text(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        packed = archive.read("steelyard/languages/ko.po.z")
        archive.extractall(tmp_path)
    assert zlib.decompress(packed) == (SOURCE / "steelyard/languages/ko.po").read_bytes()
    code = (
        "from steelyard.languages import available, language\n"
        "print(available(), language('ko').messages['name'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n")[0] == "('en', 'ko') 이름"


def test_a_picture_of_the_wheel_is_the_sources_picture_and_leaves_nothing_behind(wheel, tmp_path):
    pytest.importorskip("matplotlib")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "wheel")
    (tmp_path / "made").mkdir()
    code = (
        "import sys; from steelyard.interfaces.pictures import figures\n"
        "with figures.style():\n"
        "    figure, (axes,) = figures.sheet(3.0, [1.0]); axes.set_title('국고채')\n"
        "    axes.set_xlabel('목표', fontweight='bold'); sys.stdout.buffer.write(figures.png(figure))"
    )
    drawn = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": str(path), "TMPDIR": str(tmp_path / "made")},
            capture_output=True,
            check=True,
        ).stdout
        for path in (tmp_path / "wheel", SOURCE)
    ]
    assert drawn[0] == drawn[1]
    assert drawn[0].startswith(b"\x89PNG")
    assert not list((tmp_path / "made").glob("steelyard-*"))
