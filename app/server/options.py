"""How the server was started: mine, or everyone's."""

from dataclasses import dataclass


@dataclass
class Options:
    """What the command line said; a page asks before it opens what is not shipped.

    Attributes:
        public: everyone's server: names and uploads only, no path of the disk is opened or looked for.
        host: the address that it listens on.
        base: the path that it lies at, as `class/explorer`; "" as Streamlit's settings say, or the root.
        names: more names that it answers to, as `explorer.example.org` or `*.example.org`.
        embed: origins of pages that may show it in a frame, as `https://slides.example.org`.
        training: how many trainings there may be at once, where that was said.
    """

    public: bool = False
    host: str = "127.0.0.1"
    base: str = ""
    names: tuple[str, ...] = ()
    embed: tuple[str, ...] = ()
    training: int | None = None

    @property
    def trainings(self) -> int:
        """How many trainings there may be at once; 0 allows none."""
        return int(not self.public) if self.training is None else self.training


OPTIONS = Options()  # of this process: `python -m app` fills it before the first page
