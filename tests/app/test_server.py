"""Who is answered, and with what: requests as strangers make them."""

import http.client
import json
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest

from app.server.guard import _nearby
from app.server.hosts import Hosts
from app.server.options import Options
from app.server.uploads import Uploads

MINE, PUBLIC = Options(), Options(public=True, host="0.0.0.0", names=("explorer.edu", "*.b.edu"))
SOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": "streamlit",
}
UPLOAD = "/_stcore/upload_file/00000000-0000-0000-0000-000000000000/file"


def ask(server: str, path: str, method: str = "GET", **told: str) -> tuple[int, Mapping[str, str], str]:
    """The status, the headers and the text of an answer."""
    connection = http.client.HTTPConnection(urlsplit(server).netloc, timeout=20)
    connection.putrequest(method, path, skip_host="Host" in told)
    for name, value in told.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    text = "" if answer.status == 101 else answer.read().decode("utf-8", "replace")
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text


@pytest.mark.parametrize(
    ("options", "host", "answered"),
    [
        (MINE, "localhost:8501", True), (MINE, "127.0.0.1", True), (MINE, "[::1]:80", True), (MINE, "LocalHost.", True),
        (MINE, "explorer.localhost:8501", True), (MINE, "192.168.1.7:8501", False), (MINE, "evil.com", False),
        (MINE, "localhost.evil.com", False), (MINE, "127.0.0.1.evil.com", False), (MINE, "", False),
        (MINE, "evil.com@localhost", False), (MINE, "localhost:8501/x", False), (MINE, "localhost\tx", False),
        (Options(host="192.168.1.7"), "192.168.1.7:8501", True), (Options(host="desk.edu"), "desk.edu", True),
        (Options(names=("a.edu",)), "a.edu:80", True), (Options(names=("*",)), "any.com", True),
        (PUBLIC, "explorer.edu", True), (PUBLIC, "x.y.b.edu", True), (PUBLIC, "b.edu", False),
        (PUBLIC, "notb.edu", False), (PUBLIC, "192.168.1.7:8501", True), (PUBLIC, "[2001:db8::1]:8501", True),
        (PUBLIC, "evil.com", False), (PUBLIC, "localhost", True),
    ],
)  # fmt: skip
def test_the_names_that_are_answered(options: Options, host: str, answered: bool) -> None:
    assert Hosts(options).answers(host) == answered


@pytest.mark.parametrize(
    ("options", "origin", "host", "trusted"),
    [
        (MINE, None, "localhost:8501", True), (MINE, "http://localhost:8501", "localhost:8501", True),
        (MINE, "http://localhost:8888", "127.0.0.1:8501", True), (MINE, "http://evil.com", "localhost:8501", False),
        (MINE, "null", "localhost:8501", False), (MINE, "http://6.6.6.6", "localhost:8501", False),
        (PUBLIC, "http://6.6.6.6", "localhost:8501", False), (PUBLIC, "http://10.0.0.2:80", "10.0.0.2:80", True),
        (PUBLIC, "https://explorer.edu", "127.0.0.1:8501", True), (PUBLIC, "file://localhost", "localhost", False),
    ],
)  # fmt: skip
def test_the_pages_that_may_open_a_socket(options: Options, origin: str | None, host: str, trusted: bool) -> None:
    assert Hosts(options).trusts(origin, host) == trusted


@pytest.mark.parametrize("path", ["/", "/map", "/_stcore/health", "/blob/0", "/static/js/none.js", "/media/none"])
def test_a_rebound_name_gets_nothing(server: str, public_server: str, path: str) -> None:
    for each in (server, public_server):
        status, _, text = ask(each, path, Host="rebound.evil.com")
        assert status == 403
        assert text == (
            "This server does not answer to the name 'rebound.evil.com': start it with --allow-host and that name."
        )


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({}, 101), ({"Origin": "http://explorer.test", "Host": "explorer.test"}, 101),
        ({"Origin": "https://explorer.test"}, 101), ({"Host": "rebound.evil.com"}, 403),
        ({"Host": "rebound.evil.com", "Origin": "http://rebound.evil.com"}, 403),
        ({"Origin": "http://evil.com"}, 403), ({"Origin": "null"}, 403),
    ],
)  # fmt: skip
def test_a_socket_is_for_the_pages_of_this_server(public_server: str, told: dict[str, str], status: int) -> None:
    assert ask(public_server, "/_stcore/stream", **SOCKET, **told)[0] == status


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/map",
        "/nonsense",
        "/favicon.png",
        "/_stcore/health",
        "/_stcore/host-config",
        "/blob/0",
        "/a//b",
        "/media/0",
    ],
)
def test_every_answer_tells_the_browser_what_not_to_do(server: str, public_server: str, path: str) -> None:
    for each, frames in ((server, "'self'"), (public_server, "'self' http://localhost:*")):
        _, told, _ = ask(each, path)
        assert told["x-content-type-options"] == "nosniff"
        assert told["referrer-policy"] == "same-origin"
        rules = dict(rule.split(" ", 1) for rule in told["content-security-policy"].split("; "))
        assert rules["default-src"] == "'self'"
        assert rules["frame-ancestors"] == frames
        assert "'unsafe-inline'" not in rules["script-src"]
        assert told.get("x-frame-options") == (None if each == public_server else "SAMEORIGIN")
        assert not {"http:", "https:", "*"} & set(" ".join(rules.values()).replace(frames, "").split())


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/agent/openapi.json", "/_stcore/agent/interact",
        "/_stcore/agent/mcp", "/_stcore/anything", "/component/x/index.html", "/auth/login", "/oauth2callback",
    ],
)  # fmt: skip
def test_what_visitors_do_not_need_is_not_there(public_server: str, path: str) -> None:
    assert ask(public_server, path)[0] == 404


def test_what_they_need_is(public_server: str) -> None:
    assert ask(public_server, "/_stcore/health")[2] == "ok"
    assert json.loads(ask(public_server, "/_stcore/host-config")[2])["metricsUrl"] == ""


@pytest.mark.parametrize(
    "path",
    [
        "/../../../../etc/passwd", "/..%2f..%2f..%2fetc/passwd", "/static/..%2f..%2f..%2f..%2fetc/passwd",
        "//etc/passwd", "/media/..%2f..%2fetc%2fpasswd", "/blob/..%2f..%2fetc%2fpasswd",
        "/blob/0/portrait/..%2f..%2fetc%2fpasswd", "/blob/0/portrait/%2fetc%2fpasswd",
        "/_stcore/bidi-components/..%2f..%2fetc/passwd", "/app/static/..%2fmain.py",
    ],
)  # fmt: skip
def test_no_file_of_the_server_is_shown(public_server: str, path: str) -> None:
    status, _, text = ask(public_server, path)
    assert "root:" not in text
    assert status in (400, 404) or "<title>Streamlit</title>" in text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST", "OPTIONS"])
def test_nobody_uploads_what_no_control_asked_for(server: str, public_server: str, method: str) -> None:
    for each in (server, public_server):
        status, _, text = ask(each, UPLOAD, method)
        assert (status, text) == (403, "No page asked for this file.")


def test_without_a_visitor_nobody_is_expected() -> None:
    uploads = Uploads()
    uploads.expect()
    assert not uploads.allows("")


@pytest.mark.parametrize(
    ("location", "asked", "told"),
    [
        ("/map", "/map/", "../map"), ("/map?a=/b", "/map/", "../map?a=/b"), ("http://here/a/b/", "/a/b", "b/"),
        ("/", "/x/", "../"), ("/", "/x", "./"), ("https://there/x", "/a", "https://there/x"), ("next", "/a", "next"),
    ],
)  # fmt: skip
def test_a_redirection_stays_below_whatever_proxy(location: str, asked: str, told: str) -> None:
    assert _nearby(location.encode(), asked, "here") == told.encode()
