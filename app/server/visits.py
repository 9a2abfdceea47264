"""Whose trainings and uploads are: on a server of one's own, one's own; on everyone's, each visit's, and go with it."""

import hashlib
import threading
import time

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.server.brought import STORE
from app.server.headers import visit
from app.server.options import OPTIONS
from vaecore import jobs

VISITOR = "visitor-"  # begins the name of such an owner
GRACE = 300.0  # seconds after a visit, in which a browser may have lost its network
PAUSE = 10.0  # seconds between two looks


class Visits:
    """The visits that asked for their trainings: the name of each as an owner, its sessions, and when it was seen."""

    def __init__(self) -> None:
        """Start without any."""
        self._sessions: dict[str, set[str]] = {}
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def owner(self, session: str, visit: str = "") -> str:
        """Return whose the trainings of a session are, and of all of one visit; the name gives neither away."""
        return self.met(VISITOR + hashlib.sha256((visit or session).encode()).hexdigest()[:24], session)

    def met(self, name: str, session: str) -> str:
        """Note that an owner visits in a session; return the owner."""
        with self._lock:
            known = self._sessions.get(name, set())
            if session not in known:
                self._sessions[name] = {each for each in known if _is_there(each)} | {session}
        return name

    def over(self, owners: set[str], now: float) -> set[str]:
        """Return which of some owners' visits are over; who is not known may have been before the server was."""
        with self._lock:
            for name in owners:
                if name not in self._seen or any(map(_is_there, self._sessions.get(name, ()))):
                    self._seen[name] = now
            return {name for name in owners if now - self._seen[name] > GRACE}

    def sweep(self) -> None:
        """Delete the trainings whose visit is over, then what was brought; begin the next of the others."""
        found = [job for job in jobs.list(None) if job.owner.startswith(VISITOR)] if OPTIONS.trainings else []
        over = self.over({job.owner for job in found} | STORE.owners(), time.monotonic())
        for job in found:
            if job.owner in over:
                jobs.delete(job)
        STORE.leave(over)


def _is_there(session: str) -> bool:
    return runtime.exists() and runtime.get_instance().is_active_session(session)


VISITS = Visits()


def owner() -> str:
    """Return whose trainings and uploads are those on the page that is drawn."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return jobs.ME
    if not OPTIONS.public:
        return VISITS.met(jobs.ME, context.session_id)
    return VISITS.owner(context.session_id, visit(st.context.cookies))


def begin(stopped: threading.Event) -> None:
    """Let the trainings go on that wait, as many at once as the command line says, until the server ends."""
    if OPTIONS.training is not None:
        jobs.set_limit(OPTIONS.training)
    threading.Thread(target=_keep, args=(stopped,), name="visits", daemon=True).start()


def _keep(stopped: threading.Event) -> None:
    while not stopped.wait(PAUSE):
        VISITS.sweep()
