"""Whatever is brought as a set is read, or refused in one sentence: within five seconds and a gigabyte."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
SECONDS, BYTES = 5, 10**9
SENTENCE = 900  # characters: two names of others, each cut, and what was expected of them


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no processes here that begin as a copy")
def test_every_hostile_set_is_read_or_refused(tmp_path: Path) -> None:
    """One test, so that they are read once: in processes that nothing else has made large."""
    ran = subprocess.run([sys.executable, "-m", "hostile", str(tmp_path)], cwd=HERE, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    names = [answer["name"] for answer in answers]
    assert len(set(names)) == len(names) >= 500
    assert len({name.partition(":")[0] for name in names}) == 11
    assert min(sum(kind in answer for answer in answers) for kind in ("read", "refused")) > 200
    assert [answer for answer in answers if "error" in answer] == []
    assert [answer for answer in answers if answer["seconds"] > SECONDS] == []
    assert [answer for answer in answers if answer["peak"] > BYTES] == []
    assert [answer for answer in answers if "refused" in answer and not is_sentence(answer)] == []


def is_sentence(answer: dict[str, Any]) -> bool:
    """Whether a refusal is one line, not too long, that begins with what was brought."""
    said = answer["refused"]
    begins = said.startswith((answer["made"], "no data set and no file is called", "no class is called"))
    return begins and said.isprintable() and len(said) <= SENTENCE
