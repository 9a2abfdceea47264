"""Who may upload: a visitor whose page shows a control for it."""

from threading import Lock

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx


class Uploads:
    """The sessions whose pages have shown an upload control; Streamlit itself takes files from every session."""

    def __init__(self) -> None:
        """Start without any."""
        self._sessions: set[str] = set()
        self._lock = Lock()

    def expect(self) -> None:
        """Take files from the visitor whose page is being drawn; a page says so before it draws its control."""
        context = get_script_run_ctx(suppress_warning=True)
        if context is not None:
            with self._lock:
                self._sessions = {each for each in self._sessions if _is_there(each)} | {context.session_id}

    def allows(self, session: str) -> bool:
        """Return whether files of this session are taken."""
        with self._lock:
            return session in self._sessions


def _is_there(session: str) -> bool:
    return runtime.exists() and runtime.get_instance().is_active_session(session)


UPLOADS = Uploads()
