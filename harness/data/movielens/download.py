"""MovieLens releases from their servers: pinned, resumable, and quick to say that it cannot."""

import os
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, NamedTuple

import pooch
import requests
from urllib3.exceptions import HTTPError, InsecureRequestWarning

from harness.data.cache import cache_folder
from harness.errors import UserError

BASE_URL = "https://files.grouplens.org/datasets/movielens"
PATIENCE_S = 8.0
"""Seconds to wait for the server's first answer, name look-up included."""

_CONNECT_S, _STALL_S = 4.0, 30.0
# Less than so many bytes in so many seconds is a server that has stalled.
_LEAST_BYTES, _LEAST_S = 1 << 14, 60.0
_CHUNK = 1 << 20

Progress = Callable[[int, int | None], None]
"""Takes the bytes that are here and the bytes in all, where the server told."""


class Release(NamedTuple):
    """A MovieLens release: what it holds, and the checksum of its zip."""

    ratings: int
    users: int
    movies: int
    md5: str | None


RELEASES: dict[str, Release] = {
    "ml-32m": Release(32_000_204, 200_948, 84_432, "d472be332d4daa821edc399621853b57"),
    "ml-25m": Release(25_000_095, 162_541, 59_047, "6b51fb2759a8657d3bfcbfc42b592ada"),
    "ml-20m": Release(20_000_263, 138_493, 26_744, "cd245b17a1ae2cc31bb14903e1204af3"),
    "ml-10m": Release(10_000_054, 69_878, 10_677, "ce571fd55effeba0271552578f2648bd"),
    "ml-1m": Release(1_000_209, 6_040, 3_706, "c4d9eecfca2ab87c1945afe126590906"),
    "ml-100k": Release(100_000, 943, 1_682, "0e33842e24a9c977be4e0107933c0723"),
    # Its zip changes with each release; these are the counts of September 2018.
    "ml-latest-small": Release(100_836, 610, 9_724, None),
}


class _WebPage(requests.RequestException):
    """A page came where a zip was asked for: a portal that wants a password, for one."""


class _Stalled(requests.RequestException):
    """Too few bytes came for too long."""


class DownloadError(UserError):
    """A release could not be fetched; the message says what to fetch by hand, and where to."""


def zip_path(name: str) -> Path:
    """Where the zip of a release lies, or is to be put by hand."""
    return cache_folder() / "downloads" / f"{name}.zip"


def fetch(name: str, report: Callable[[str], None], progress: Progress) -> Path:
    """Zip of a release: the one that lies in the cache folder, or downloaded.

    A download that was cut off goes on where it stopped. The file appears under its name only
    when it is whole and has the pinned checksum.

    Parameters
    ----------
    name : str
        One of `RELEASES`.
    report : callable
        Takes lines that tell what goes on.
    progress : callable
        Called while bytes come in.

    Returns
    -------
    Path

    Raises
    ------
    DownloadError
        Where there is no network, the server refuses, or the checksum differs.
    """
    md5, target = RELEASES[name].md5, zip_path(name)
    if target.is_file():
        if md5 is None or pooch.file_hash(str(target), alg="md5") == md5:
            return target
        report(f"{target} has not the pinned checksum: it is fetched again")
    downloader = _Downloader(target, md5 is not None, report, progress)
    *mirrors, last = (f"{base}/{name}.zip" for base in (*_mirrors(), BASE_URL))
    for url in mirrors:
        try:
            return _retrieved(url, target, md5, downloader)
        except DownloadError as error:
            report(f"{url}: {error}")
    try:
        return _retrieved(last, target, md5, downloader)
    except DownloadError as error:
        raise DownloadError(_by_hand(name, last, str(error))) from error


def _mirrors() -> list[str]:
    """Places that the user names, before the server: what they send is checked all the same."""
    named = os.environ.get("ALS_LADDER_MIRROR", "").split(",")
    return [place.strip().rstrip("/") for place in named if place.strip()]


def _retrieved(url: str, target: Path, md5: str | None, downloader: "_Downloader") -> Path:
    """Download; why it failed, in a few words.

    Raises
    ------
    DownloadError
    """
    try:
        _retrieve(url, target, md5, downloader)
    except requests.RequestException as error:
        raise DownloadError(_reason(error)) from error
    except ValueError as error:
        raise DownloadError("its checksum is not the pinned one") from error
    except OSError as error:
        raise DownloadError(f"{target}: {error.strerror}") from error
    return target


def _retrieve(url: str, target: Path, md5: str | None, downloader: "_Downloader") -> None:
    # pooch tells of each download on its own; here the caller's `report` does.
    pooch.get_logger().setLevel("WARNING")
    known = None if md5 is None else f"md5:{md5}"
    pooch.retrieve(url, known, fname=target.name, path=target.parent, downloader=downloader)


def _by_hand(name: str, url: str, reason: str) -> str:
    md5 = RELEASES[name].md5
    checksum = f"md5 {md5}" if md5 else "no checksum is pinned for it"
    return (
        f"{name} was not fetched ({reason}): get {url} ({checksum}) and put it at {zip_path(name)}"
    )


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, _WebPage):
        return "a web page came instead of the zip"
    if isinstance(error, _Stalled):
        return f"less than {_LEAST_BYTES >> 10} KiB came in {_LEAST_S:g} s; another try goes on"
    if error.response is not None:
        return f"the server answered {error.response.status_code}"
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate is not valid"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off; another try goes on from there"
    if isinstance(error, requests.ConnectionError | requests.Timeout):
        return "no connection to the server"
    return type(error).__name__


@dataclass(frozen=True)
class _Downloader:
    """What pooch calls to download: keeps what came in as NAME.zip.part.

    Attributes
    ----------
    target : Path
        The zip that is to be.
    pinned : bool
        Whether a checksum decides on the content. Only then may parts that came at different
        times be joined, or a lapsed certificate be passed over.
    """

    target: Path
    pinned: bool
    report: Callable[[str], None]
    progress: Progress

    def __call__(self, url: str, output_file: str, _: Any) -> None:
        part = self.target.with_name(f"{self.target.name}.part")
        if not self.pinned:
            part.unlink(missing_ok=True)
        here = part.stat().st_size if part.exists() else 0
        response = self._ask(url, here)
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            # The part is no beginning of this file.
            response.close()
            here = 0
            response = self._ask(url, here)
        with response:
            response.raise_for_status()
            if response.headers.get("Content-Type", "").startswith("text/html"):
                raise _WebPage
            self._save(response, part, here)
        part.replace(output_file)

    def _ask(self, url: str, here: int) -> requests.Response:
        self.report(f"downloading {url}" + (f" from byte {here:,}" if here else ""))
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={here}-"} if here else {})
        try:
            return _first_answer(url, headers, verify=True)
        except requests.exceptions.SSLError:
            if not self.pinned:
                raise
            self.report("the server's certificate is not valid: the pinned checksum decides")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", InsecureRequestWarning)
                return _first_answer(url, headers, verify=False)

    def _save(self, response: requests.Response, part: Path, here: int) -> None:
        if response.status_code != requests.codes.partial_content:
            here = 0  # the server sends the whole file, whatever was asked for
        length = response.headers.get("Content-Length")
        total = here + int(length) if length else None
        came, since = 0, monotonic()
        with part.open("ab" if here else "wb") as stream:
            while chunk := _next_bytes(response):
                stream.write(chunk)
                here, came = here + len(chunk), came + len(chunk)
                self.progress(here, total)
                if monotonic() - since > _LEAST_S:
                    if came < _LEAST_BYTES:
                        raise _Stalled
                    came, since = 0, monotonic()
        if total is not None and here < total:
            raise requests.exceptions.ChunkedEncodingError


def _next_bytes(response: requests.Response) -> bytes:
    """What has come in, however little; nothing at the end."""
    try:
        chunk: bytes = response.raw.read1(_CHUNK)
    except (HTTPError, OSError) as error:
        raise requests.exceptions.ChunkedEncodingError(error) from error
    return chunk


def _first_answer(url: str, headers: dict[str, str], verify: bool) -> requests.Response:
    """Answer of the server, its body still to come.

    A look-up of the server's name heeds no timeout: the request is made in a thread, which is
    left to itself when it takes too long.
    """
    answers: SimpleQueue[requests.Response | Exception] = SimpleQueue()

    def ask() -> None:
        timeout = (_CONNECT_S, _STALL_S)
        try:
            answers.put(
                requests.get(url, headers=headers, stream=True, timeout=timeout, verify=verify)
            )
        except (requests.RequestException, OSError, ValueError) as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=PATIENCE_S)
    except Empty:
        raise requests.ConnectTimeout(f"no answer within {PATIENCE_S:g} s") from None
    if isinstance(answer, Exception):
        raise answer
    return answer
