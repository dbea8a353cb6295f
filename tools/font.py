"""Write the font of all pictures: a part of NanumGothic in two weights, under a name of its own.

    python tools/font.py /usr/share/fonts/truetype/nanum     (Debian's package fonts-nanum)

Kept are Latin, punctuation, arrows and all 11,172 Korean syllables; hinting goes, which no picture of ours
uses. The SIL Open Font License allows that, but a changed font may not keep its reserved name.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

TARGET = Path(__file__).parent.parent / "src" / "steelyard" / "data" / "fonts"
FAMILY = "Steelyard Gothic"
SIGNS = (
    *range(0x20, 0x180),
    *range(0x2010, 0x2060),
    *range(0x2190, 0x2200),
    *range(0x3131, 0x3190),
    *range(0xAC00, 0xD7A4),
    *map(ord, "₩€−×≈≤≥●■▲▼、。·"),
)


def main(folder: Path) -> None:
    TARGET.mkdir(exist_ok=True)
    for source, style in (("NanumGothic.ttf", "Regular"), ("NanumGothicBold.ttf", "Bold")):
        font = TTFont(folder / source, recalcTimestamp=False)
        options = subset.Options(hinting=False, layout_features=["kern"], notdef_outline=True)
        options.drop_tables += ["DSIG", "vhea", "vmtx", "GSUB", "TSI0", "TSI1", "TSI2", "TSI3", "TSI5"]
        chosen = subset.Subsetter(options)
        chosen.populate(unicodes=SIGNS)
        chosen.subset(font)
        names = font["name"]
        kept = {0: names.getDebugName(0), 13: "SIL Open Font License, Version 1.1"}
        plain = FAMILY.replace(" ", "")
        named = {1: FAMILY, 2: style, 3: f"{plain}-{style}", 4: f"{FAMILY} {style}", 6: f"{plain}-{style}"}
        names.names = []
        for number, text in sorted({**kept, **named}.items()):
            if text:
                names.setName(text, number, 3, 1, 0x409)
        font.save(TARGET / f"{plain}-{style}.ttf")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
