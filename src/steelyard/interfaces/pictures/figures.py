"""A blank sheet for charts, and the sheet as PNG or SVG: the one place that knows Matplotlib's settings.

The font comes with the package, so that Korean names are drawn on a server without any fonts.
Nothing here reads the user's own Matplotlib settings, and the same drawing gives the same bytes.
"""

from __future__ import annotations

import atexit
import io
import logging
import os
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steelyard.domain.shown import hidden_in, shown
from steelyard.extras import ExtraMissing
from steelyard.words import say

# Matplotlib says on standard error when it builds its list of fonts; nobody can act on that.
logging.getLogger("matplotlib").setLevel(logging.ERROR)

try:
    from matplotlib import font_manager, rc_context, rcParamsDefault
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.text import Text
except ImportError:
    raise ExtraMissing("lab", say("a picture"), "matplotlib") from None

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
"""Told apart by colour-blind readers. Source: Okabe and Ito (2008), Color Universal Design."""
DASHES: tuple[Any, ...] = ("-", (0, (7, 2)), (0, (2, 1.5)), (0, (7, 2, 2, 2)), (0, (4, 1, 1, 1, 1, 1)), ":")
"""Told apart without colour."""
FONT = "Steelyard Gothic"
"""The font of pictures; on a page its letters go by the name `Drawn`."""
_DPI = 144
_GROUP = re.compile(r'<g id="[^"]*"')


@cache
def font_file() -> Path:
    """Return the font of all pictures: Latin and Korean letters, SIL Open Font License."""
    files = [_unpacked(f"SteelyardGothic-{weight}.ttf") for weight in ("Regular", "Bold")]
    for file in files:
        font_manager.fontManager.addfont(str(file))
    return files[0]


def _unpacked(name: str) -> Path:
    """Return a font as a file, as Matplotlib asks for it: a wheel has it compressed (hatch_build.py)."""
    file = Path(__file__).parents[2] / "data" / "fonts" / name
    if file.is_file():
        return file
    unpacked = _folder() / name
    unpacked.write_bytes(zlib.decompress(file.with_name(f"{name}.z").read_bytes()))
    return unpacked


@cache
def _folder() -> Path:
    """Return a folder that goes with this process; a fork of it leaves the folder to it."""
    folder, owner = Path(tempfile.mkdtemp(prefix="steelyard-")), os.getpid()

    def remove() -> None:
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


@contextmanager
def style(salt: str = "steelyard") -> Iterator[None]:
    """Draw and save with the house's settings; outside nothing has changed.

    Args:
        salt: Goes into the names inside an SVG, so that two of them fit on one page.
    """
    font_file()
    settings = {
        **{k: v for k, v in rcParamsDefault.items() if not k.startswith(("backend", "interactive"))},
        "font.family": [FONT, "DejaVu Sans"],
        "font.size": 9.0,
        # The font has no U+2212.
        "axes.unicode_minus": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlelocation": "left",
        "axes.titlesize": 10.0,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#dddddd",
        "grid.linewidth": 0.6,
        "hatch.linewidth": 0.5,
        "svg.fonttype": "none",
        "svg.hashsalt": salt,
        "text.parse_math": False,
    }
    with rc_context(settings):
        yield


def sheet(width: float, heights: list[float]) -> tuple[Figure, list[Axes]]:
    """Return a figure of charts one below the other; to be called inside `style`.

    Args:
        width: Inches.
        heights: Of each chart, inches.
    """
    figure, places = parts(width, heights)
    return figure, [place.add_subplot() for place in places]


def parts(width: float, heights: list[float]) -> tuple[Figure, list[SubFigure]]:
    """Return a figure of empty parts one below the other, each for one chart or several; inside `style`.

    A part each: else the longest label of one chart would indent all of them.
    """
    figure = Figure(figsize=(width, sum(heights)), layout="constrained")
    made = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)
    return figure, list(made[:, 0])


def _show_plainly(figure: Figure) -> None:
    """Write out what is hidden in any text of a figure: names come from files."""
    for text in figure.findobj(Text):
        text.set_text(shown(text.get_text(), lines=True))
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            labels = [label.get_text() for label in axis.get_ticklabels()]
            if any(hidden_in(label, lines=True) for label in labels):
                axis.set_ticks(axis.get_majorticklocs(), [shown(label, lines=True) for label in labels])


def png(figure: Figure) -> bytes:
    """Return a figure as a PNG file of 144 dots an inch; to be called inside `style`."""
    FigureCanvasAgg(figure)
    _show_plainly(figure)
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=_DPI, metadata={"Software": "steelyard"})
    return out.getvalue()


def svg(figure: Figure, title: str) -> str:
    """Return a figure as an element to put into a page; to be called inside `style`.

    Args:
        figure: What to draw.
        title: For readers who cannot see it.
    """
    FigureCanvasSVG(figure)
    _show_plainly(figure)
    out = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(out, format="svg", metadata=nothing)
    drawn = out.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    # Its groups are numbered the same way in every picture; names on a page must be unique.
    drawn = _GROUP.sub("<g", drawn)
    head, body = drawn.split(">", 1)
    view = re.search(r'viewBox="[^"]*"', head)
    assert view is not None
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {view[0]} '
        f'role="img" aria-label="{escape(title)}">\n<title>{escape(title)}</title>'
    )
    return opening + body.rstrip().replace(f"'{FONT}'", "'Drawn'")


def letters(text: str) -> bytes:
    """Return the part of the font that a text needs, as a WOFF file for a page that works offline."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    font = TTFont(font_file(), recalcTimestamp=False)
    options = subset.Options(flavor="woff", notdef_outline=True, hinting=False)
    chosen = subset.Subsetter(options)
    chosen.populate(text=text)
    chosen.subset(font)
    font.flavor = "woff"
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()
