"""Pictures as PNG: there, true to what they show, with Korean letters, and the same twice."""

import io
import os
import xml.etree.ElementTree as Tree
from datetime import date

import matplotlib
import numpy as np
import pytest
from matplotlib.image import imread

from processes import run_command
from steelyard.adapters.machine.calendar import ExchangeSessions
from steelyard.app.check import check
from steelyard.interfaces.pictures import charts, figures
from steelyard.interfaces.pictures.portfolio import weights_png

SVG = "{http://www.w3.org/2000/svg}"
KOREAN = """
base_currency = "KRW"
[targets]
AAA = "60%"
BBB = "40%"
[policy]
kind = "threshold"
threshold = "5%"
[[accounts]]
name = "main"
cash = { KRW = "0" }
positions = [
  { symbol = "AAA", shares = "SHARES", price = "100 KRW" },
  { symbol = "BBB", shares = "40", price = "100 KRW" },
]
[instruments.AAA]
currency = "KRW"
name = "KODEX 국고채 10년 액티브"
exchange = "XKRX"
[instruments.BBB]
currency = "KRW"
name = "TIGER 미국S&P500"
exchange = "XKRX"
"""


def report(read, shares):
    portfolio = read(KOREAN.replace("SHARES", shares))
    return check(portfolio, ExchangeSessions(), as_of=date(2026, 11, 23))


def pixels(picture, folder):
    path = folder / "picture.png"
    path.write_bytes(picture)
    return imread(path)


def test_the_picture_of_weights_is_the_same_twice_and_changes_with_the_weights(read):
    first = weights_png(report(read, "60"))
    assert first.startswith(b"\x89PNG\r\n\x1a\n")
    assert first == weights_png(report(read, "60"))
    assert first != weights_png(report(read, "61"))


def test_a_weight_outside_its_band_is_a_filled_diamond(read, tmp_path):
    """60/40 at 5 points: 60 shares of 100 are inside, 80 of 120 are 66.7 %; the fill is vermilion."""
    vermilion = np.array([0xD5, 0x5E, 0x00]) / 255

    def filled(picture):
        return int((np.abs(pixels(picture, tmp_path)[:, :, :3] - vermilion).max(axis=2) < 0.02).sum())

    assert filled(weights_png(report(read, "60"))) == 0
    # Two diamonds: what one has too much the other lacks.
    assert filled(weights_png(report(read, "80"))) > 100


def test_korean_letters_are_drawn_and_not_boxes():
    """Two names of equal length differ in their pixels; a font without the letters draws equal boxes."""
    drawn = []
    for text in ("국고채", "미국주"):
        with figures.style():
            figure, (axes,) = figures.sheet(3.0, [1.0])
            axes.set_title(text)
            drawn.append(figures.png(figure))
    assert drawn[0] != drawn[1]
    from fontTools.ttLib import TTFont

    wanted = {ord(c) for c in "국고채미국주액티브년월일"}
    assert wanted <= set(TTFont(figures.font_file()).getBestCmap())
    inside = TTFont(io.BytesIO(figures.letters("KODEX 국고채미국주액티브년월일"))).getBestCmap()
    assert wanted <= set(inside)


def test_the_settings_of_the_caller_are_left_alone():
    before = dict(matplotlib.rcParams)
    with figures.style():
        assert matplotlib.rcParams["font.family"] == ["Steelyard Gothic", "DejaVu Sans"]
    assert dict(matplotlib.rcParams) == before


def test_a_band_and_the_rebalances_are_in_the_picture_of_a_history():
    """By hand: a grey field between two dashed edges, one mark a rebalance, at the bottom."""
    dates = [date(2025, 1, n) for n in range(1, 32)]
    rebalanced = np.zeros(31, dtype=bool)
    rebalanced[[3, 17]] = True
    with figures.style():
        figure, (axes,) = figures.sheet(8.0, [2.0])
        targets, bands = np.full(31, 0.5), np.full(31, 0.05)
        charts.weight_history(axes, "x", dates, np.linspace(0.5, 0.6, 31), targets, bands, rebalanced)
        drawing = Tree.fromstring(figures.svg(figure, "x"))
    marks = [u for u in drawing.iter(f"{SVG}use") if "fill: #d55e00" in u.get("style", "")]
    assert len(marks) == 2
    assert [float(m.get("y")) for m in marks] == pytest.approx([float(marks[0].get("y"))] * 2)
    assert any("fill: #cccccc" in part.get("style", "") for part in drawing.iter())


def test_labels_of_crowded_points_do_not_hide_each_other():
    """Nine points within a hundredth of the chart: their labels are at least a letter apart."""
    places = charts.label_places([(0.5 + n / 1000, 0.5) for n in range(9)])
    for n, (x, y) in enumerate(places):
        assert all(abs(x - a) > 0.015 or abs(y - b) > 0.03 for a, b in places[:n])


def run(*words, folder, **env):
    return run_command(folder, *words, env={**os.environ, "NO_COLOR": "1", **env})


def test_compare_and_backtest_write_a_plot(tmp_path):
    done = run("compare", "--demo", "--paths", "20", "--plot", "all.png", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert imread(tmp_path / "all.png").shape[1] == 1296
    rows = "\n".join(f"2025-01-{d:02},{100 + d},{50}" for d in range(1, 29))
    (tmp_path / "p.csv").write_text(f"date,VOO,AGG\n{rows}\n")
    (tmp_path / "portfolio.toml").write_text(
        'base_currency = "USD"\n[targets]\nVOO = "60%"\nAGG = "40%"\n[policy]\nkind = "threshold"\n'
    )
    done = run(
        *("backtest", "--prices", "p.csv", "--plot", "one.png", "--report", "one.html", "--json"),
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert imread(tmp_path / "one.png").shape[1] == 1296
    assert "Weights under threshold 5%" in (tmp_path / "one.html").read_text(encoding="utf-8")


def test_a_plot_under_another_name_is_refused_before_anything_is_read(tmp_path):
    done = run("backtest", "--prices", "none.csv", "--plot", "out.pdf", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error[plot-file]: --plot out.pdf is no PNG")


def test_a_home_that_cannot_be_written_says_nothing(tmp_path):
    """A scheduled job may have none: Matplotlib then keeps its font list elsewhere, and says so to nobody."""
    (tmp_path / "home").write_text("a file, so no folder can be made in it")
    done = run(
        *("compare", "--demo", "--paths", "0", "--policy", "hold", "--plot", "x.png", "--json"),
        folder=tmp_path,
        HOME=str(tmp_path / "home"),
        XDG_CACHE_HOME=str(tmp_path / "home"),
        XDG_CONFIG_HOME=str(tmp_path / "home"),
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == 1
    assert "SIMULATED" in done.stderr
