"""155,106 couplets of Tang poems, five characters and five."""

from pathlib import Path

from vaecore.data.text import Texts, lines, plain, to_points

FORM = "{}{}{}{}{}，{}{}{}{}{}。"


def couplets(split: str, folder: Path) -> Texts:
    """The couplets of one split."""
    path = folder / "couplets" / "tang-couplets.txt.gz"
    return Texts(to_points([plain(line, FORM) for line in lines(path)], FORM.count("{}")), form=FORM).split(split)
