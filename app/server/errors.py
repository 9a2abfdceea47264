"""What a visitor sees of an error of ours: a sentence and a number, under which the log has the traceback."""

import logging
import secrets

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

SENTENCE = "That is an error of ours, not of yours: the server's log has it under the number {number}."
LOG = "streamlit.error_util"  # the logger that writes what a page raised, before anyone is asked what to show
MARK = "Number "


def number_of(error: BaseException) -> str:
    """Return the number of an error, new at the first call; from then on its traceback ends with it."""
    for note in getattr(error, "__notes__", ()):
        if note.startswith(MARK):
            return note.removeprefix(MARK)
    number = secrets.token_hex(4)
    error.add_note(MARK + number)
    return number


def mark(record: logging.LogRecord) -> bool:
    """Give the traceback in a record its number; as a filter, let everything pass."""
    if record.exc_info and record.exc_info[1]:
        number_of(record.exc_info[1])
    return True


def show(error: Exception) -> bool:
    """Say on a page that it failed, in place of the traceback."""
    st.error(SENTENCE.format(number=number_of(error)), icon=":material/error:")
    return True


async def answer(_: Request, error: Exception) -> Response:
    """Answer a request that failed; uvicorn logs the traceback."""
    return PlainTextResponse(SENTENCE.format(number=number_of(error)), status_code=500)


def number_tracebacks() -> None:
    """Have the log number what pages raise."""
    logging.getLogger(LOG).addFilter(mark)
