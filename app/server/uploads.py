"""Who may upload: a visitor whose page shows a control for it."""

from threading import Lock

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from vaecore import serving

DIGITS = 15  # of a size


class Uploads:
    """The sessions whose pages have shown an upload control; Streamlit itself takes files from every session."""

    def __init__(self) -> None:
        """Start without any."""
        self._sessions: set[str] = set()
        self._coming: dict[str, int] = {}  # bytes of each session that no page has taken yet
        self._lock = Lock()

    def expect(self) -> None:
        """Take files from the visitor whose page is being drawn; a page says so before it draws its control."""
        context = get_script_run_ctx(suppress_warning=True)
        if context is not None:
            with self._lock:
                self._sessions = {each for each in self._sessions if _is_there(each)} | {context.session_id}
                self._coming = {each: size for each, size in self._coming.items() if each in self._sessions}

    def allows(self, session: str) -> bool:
        """Return whether files of this session are taken."""
        with self._lock:
            return session in self._sessions

    def trouble(self, session: str, size: str) -> str:
        """Return why so many bytes of a session are not taken, in a sentence; nothing where they are.

        Streamlit holds a file in memory, and only looks at the size of each.
        """
        if not size.isascii() or not size.isdigit() or len(size) > DIGITS:
            return "Expected an upload that says how long it is."
        with self._lock:
            try:
                serving.incoming.check_room(int(size), self._coming.get(session, 0))
            except ValueError as error:
                return str(error)
            self._coming[session] = self._coming.get(session, 0) + int(size)
        return ""

    def taken(self, session: str) -> None:
        """Note that a page has taken what came, or let it go."""
        with self._lock:
            self._coming.pop(session, None)


def _is_there(session: str) -> bool:
    return runtime.exists() and runtime.get_instance().is_active_session(session)


UPLOADS = Uploads()
