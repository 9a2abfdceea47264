"""Foreign text as plain text: what comes from an address, a file or a run is never Markdown, HTML or a link."""

import re

SIGNS = re.compile(r"([\\`*_\[\]<>~$&|])")  # of Markdown: behind a backslash they are themselves
JOINER = "\N{WORD JOINER}"  # without a width
FOUND = re.compile(  # by Streamlit in a text whose backslashes are gone already, but not with a joiner inside
    r"(?<=[-<>=~])(?=[-<>=~])"  # arrows, dashes and relations
    r"|(?<=:)(?=[\w/+-])|(?<=www)(?=\.)|(?<=[\w.+-])(?=@)"  # icons, links, addresses of mail
    r"|^(?=[-+#=]|\d+[.)])",  # lists and headings, which begin a line
    re.IGNORECASE,
)
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")  # or what turns the text around it
MOST = 400  # characters; of an address of thousands nobody reads more


def flat(text: object, most: int = MOST) -> str:
    """Return a text on one line, cut where it is long, with a mark for each character that cannot be shown."""
    line = UNSEEN.sub("\N{REPLACEMENT CHARACTER}", " ".join(str(text).split()))
    return line if len(line) <= most else f"{line[: most - 1]}…"


def plain(text: object, most: int = MOST) -> str:
    """Return a text of which Markdown shows each character as it is."""
    return SIGNS.sub(r"\\\1", FOUND.sub(JOINER, flat(text, most)))
