"""How the server was started: mine, or everyone's."""

from dataclasses import dataclass


@dataclass
class Options:
    """What the command line said; a page asks before it opens what is not shipped.

    Attributes:
        public: everyone's server: names and uploads only, no path of the disk is opened or looked for.
    """

    public: bool = False


OPTIONS = Options()  # of this process: `python -m app` fills it before the first page
