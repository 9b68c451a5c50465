"""Downloads from a server of our own: whole, resumed, wrong, and not there at all."""

import hashlib
import http.server
import socket
import threading
import time

import pytest
import requests

from harness.data.movielens import download
from harness.data.movielens.download import DownloadError, Release, fetch, zip_path

CONTENT = bytes(range(256)) * 9000  # a few chunks
MD5 = hashlib.md5(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves `CONTENT`, as the server's attributes say."""

    def do_GET(self):
        start = 0
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        if self.server.status != 200:
            self.send_error(self.server.status)
            return
        if asked and self.server.heeds_range:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(CONTENT):
                self.send_error(416)
                return
        body = CONTENT[start:]
        self.send_response(206 if start else 200)
        if self.server.is_portal:
            self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.server.drips:
            for byte in range(100):
                self.wfile.write(body[byte : byte + 1])
                time.sleep(0.02)
            return
        self.wfile.write(body[: self.server.sends])

    def log_message(self, *_):
        """Stay silent."""


@pytest.fixture
def server(monkeypatch, own_cache):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked, server.status, server.heeds_range = [], 200, True
        server.is_portal = server.drips = False
        server.sends = len(CONTENT)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setattr(download, "BASE_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setitem(download.RELEASES, "ml-1m", Release(1, 1, 1, MD5))
        yield server
        server.shutdown()
        thread.join()


def get(name="ml-1m"):
    """Fetch, and return what was reported and the progress."""
    lines, steps = [], []
    path = fetch(name, lines.append, lambda here, total: steps.append((here, total)))
    assert path == zip_path(name)
    assert path.read_bytes() == CONTENT
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    return lines, steps


def part_of(name="ml-1m"):
    return zip_path(name).with_name(f"{name}.zip.part")


def refused(name="ml-1m"):
    """The message of the error: one line with all that is needed to do it by hand."""
    with pytest.raises(DownloadError) as caught:
        fetch(name, lambda _: None, lambda *_: None)
    message = str(caught.value)
    assert "\n" not in message
    assert f"{download.BASE_URL}/{name}.zip" in message
    assert str(zip_path(name)) in message
    assert download.RELEASES[name].md5 in message
    return message


def test_whole_download_with_progress_and_only_once(server):
    lines, steps = get()
    assert "downloading" in lines[0]
    assert steps[-1] == (len(CONTENT), len(CONTENT))
    assert steps == sorted(steps)
    assert get() == ([], [])
    assert server.asked == [None]


def test_a_download_that_broke_off_goes_on(server):
    server.sends = 1_500_000
    assert "broke off; another try goes on" in refused()
    assert not zip_path("ml-1m").exists()
    here = part_of().stat().st_size
    assert 0 < here <= 1_500_000
    server.sends = len(CONTENT)
    lines, steps = get()
    assert server.asked == [None, f"bytes={here}-"]
    assert f"from byte {here:,}" in lines[0]
    assert steps[0][0] > here
    assert steps[-1] == (len(CONTENT), len(CONTENT))


def part_holding(content):
    part_of().parent.mkdir(parents=True)
    part_of().write_bytes(content)


def test_a_server_that_ignores_the_range_sends_the_whole_again(server):
    server.heeds_range = False
    part_holding(CONTENT[:1000])
    get()
    assert server.asked == ["bytes=1000-"]


def test_a_part_that_cannot_be_gone_on_from_is_dropped(server):
    part_holding(CONTENT + b"more")
    get()
    assert server.asked == [f"bytes={len(CONTENT) + 4}-", None]


def test_a_part_of_another_file_is_found_out_and_dropped(server):
    part_holding(b"x" * 1000)
    assert "checksum is not the pinned one" in refused()
    assert not list(part_of().parent.iterdir())
    get()


def test_wrong_checksum_leaves_nothing(server, monkeypatch):
    monkeypatch.setitem(download.RELEASES, "ml-1m", Release(1, 1, 1, "0" * 32))
    assert "checksum is not the pinned one" in refused()
    assert not list(part_of().parent.iterdir())


def test_the_server_refuses(server):
    server.status = 503
    assert "the server answered 503" in refused()


def closed_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def no_network(monkeypatch, own_cache):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "BASE_URL", f"http://127.0.0.1:{closed_port()}")
    return own_cache


def test_no_network(no_network):
    assert "no connection to the server" in refused("ml-32m")


def test_a_server_that_never_answers_is_given_up(monkeypatch, own_cache):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "PATIENCE_S", 0.05)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        monkeypatch.setattr(download, "BASE_URL", f"http://127.0.0.1:{port}")
        assert "no connection to the server" in refused("ml-32m")


def test_the_wait_for_an_answer_is_below_ten_seconds():
    assert download.PATIENCE_S < 10


def test_a_zip_placed_by_hand_is_taken(no_network, monkeypatch):
    monkeypatch.setitem(download.RELEASES, "ml-1m", Release(1, 1, 1, MD5))
    zip_path("ml-1m").parent.mkdir(parents=True)
    zip_path("ml-1m").write_bytes(CONTENT)
    assert get() == ([], [])


def test_a_wrong_zip_placed_by_hand_is_replaced_or_left(server, monkeypatch):
    zip_path("ml-1m").parent.mkdir(parents=True)
    zip_path("ml-1m").write_bytes(b"mine")
    server.status = 503
    refused()
    assert zip_path("ml-1m").read_bytes() == b"mine"
    server.status = 200
    lines, _ = get()
    assert "has not the pinned checksum" in lines[0]


def test_what_is_not_pinned_is_never_joined_from_parts(server):
    name = "ml-latest-small"
    part_of(name).parent.mkdir(parents=True)
    part_of(name).write_bytes(CONTENT[:1000])
    get(name)
    assert server.asked == [None]


@pytest.mark.parametrize("name", ["ml-1m", "ml-latest-small"])
def test_a_lapsed_certificate_is_passed_over_only_where_a_checksum_decides(
    server, monkeypatch, name
):
    plain_get, verified = requests.get, []

    def lapsed(url, *, verify, **options):
        verified.append(verify)
        if verify:
            raise requests.exceptions.SSLError
        return plain_get(url, **options)

    monkeypatch.setattr(requests, "get", lapsed)
    if name == "ml-1m":
        lines, _ = get(name)
        assert "the pinned checksum decides" in lines[1]
        assert verified == [True, False]
    else:
        with pytest.raises(DownloadError, match="certificate is not valid"):
            get(name)
        assert verified == [True]


def test_interrupted_keeps_the_part_and_shows_no_zip(server):
    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch("ml-1m", lambda _: None, interrupt)
    assert [file.name for file in part_of().parent.iterdir()] == [part_of().name]
    get()


def test_a_page_instead_of_the_zip_is_told_and_never_kept(server):
    server.is_portal = True
    assert "a web page came instead of the zip" in refused()
    assert not zip_path("ml-1m").exists()
    server.is_portal = False
    get()


def test_a_server_that_drips_is_given_up_and_gone_on_from(server, monkeypatch):
    monkeypatch.setattr(download, "_LEAST_S", 0.3)
    server.drips = True
    start = time.monotonic()
    assert "came in 0.3 s; another try goes on" in refused()
    assert time.monotonic() - start < 10
    server.drips = False
    lines, _ = get()
    assert "from byte" in lines[0]


def test_mirrors_of_the_user_come_first_and_the_checksum_decides(server, monkeypatch):
    own = download.BASE_URL
    dead = f"http://127.0.0.1:{closed_port()}/ml"
    monkeypatch.setenv("ALS_LADDER_MIRROR", f"{dead}/, {own}/mirror")
    monkeypatch.setattr(download, "BASE_URL", dead)
    lines, _ = get()
    assert lines[1] == f"{dead}/ml-1m.zip: no connection to the server"
    assert lines[2] == f"downloading {own}/mirror/ml-1m.zip"


def test_a_mirror_with_another_file_gives_way_to_the_server(server, monkeypatch):
    monkeypatch.setitem(download.RELEASES, "ml-1m", Release(1, 1, 1, "0" * 32))
    monkeypatch.setenv("ALS_LADDER_MIRROR", f"{download.BASE_URL}/mirror")
    assert "its checksum is not the pinned one" in refused()
    assert server.asked == [None, None]
