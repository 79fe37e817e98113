"""Fetch one file of known size and checksum, going on where an earlier attempt stopped.

What has arrived lies in ``NAME.part`` next to the target. A part is never trusted: the whole must
have the expected SHA-256 before it takes its name.

References
----------
RFC 9110 (2022), "HTTP Semantics", section 14: range requests.
"""

import contextlib
import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

from chainrule import storage
from chainrule.datasets.catalogue import RemoteFile
from chainrule.errors import DownloadError

__all__ = ["download"]

CHUNK = 1 << 16
TIMEOUT_SECONDS = 30.0
NETWORK_ERRORS = (
    urllib.error.URLError,
    http.client.HTTPException,
    ConnectionError,
    TimeoutError,
    ssl.SSLError,
)
PARTIAL_CONTENT = 206
RANGE_NOT_SATISFIABLE = 416


def download(address: str, file: RemoteFile, target: Path) -> None:
    """Fetch a file, with a progress bar, and check it."""
    if not address.startswith(("https://", "http://")):
        raise DownloadError(f"{address} is no address of the web")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DownloadError(f"the folder {target.parent} cannot be made ({error})") from error
    part = target.with_name(target.name + ".part")
    with _progress_bar(file) as show:
        while (before := _arrived(part, file)) < file.size:
            failure = _transfer(address, file, part, show)
            # A server that stops early is asked for the rest, as long as it sends something.
            if _arrived(part, file) <= before:
                raise DownloadError(f"{address} {failure}")
    digest = storage.sha256_of(part)
    if digest != file.sha256:
        part.unlink()
        raise DownloadError(
            f"what came from {address} was removed, for its SHA-256 is {digest} and not "
            f"{file.sha256}"
        )
    storage.publish(part, target)


def _arrived(part: Path, file: RemoteFile) -> int:
    """Return how many bytes an earlier attempt left; a part that is too long is removed."""
    if not part.exists():
        return 0
    size = part.stat().st_size
    if size > file.size:
        part.unlink()
        return 0
    return size


def _transfer(address: str, file: RemoteFile, part: Path, show: Callable[[int], None]) -> str:
    """Ask once for what is missing; return why the answer ended, should it have been too short."""
    offset = _arrived(part, file)
    request = urllib.request.Request(address, headers={"User-Agent": "chainrule"})
    if offset:
        request.add_header("Range", f"bytes={offset}-")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            start = _first_byte(response, offset, address)
            storage.write_at(part, start, _chunks(response, start, file.size, show))
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == RANGE_NOT_SATISFIABLE:  # the file there is shorter than our part
            part.unlink(missing_ok=True)
        return f"answered {error.code} ({error.reason})"
    except NETWORK_ERRORS as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        return f"could not be reached ({getattr(reason, 'strerror', None) or reason})"
    return f"stopped after {_arrived(part, file)} of {file.size} bytes, which are kept"


def _first_byte(response: http.client.HTTPResponse, offset: int, address: str) -> int:
    """Return where in the file the answer begins: at the offset asked for, or at the start."""
    if response.status != PARTIAL_CONTENT:
        return 0  # this server does not know ranges and sends everything
    content_range = response.headers.get("Content-Range", "")
    if not content_range.startswith(f"bytes {offset}-"):
        raise DownloadError(
            f"{address} answered with the range {content_range!r}, asked from byte {offset} on"
        )
    return offset


def _chunks(
    response: http.client.HTTPResponse, start: int, size: int, show: Callable[[int], None]
) -> Iterator[bytes]:
    """Yield what arrives, as it arrives, and never more than the file has."""
    while start < size and (chunk := response.read1(min(CHUNK, size - start))):
        yield chunk
        start += len(chunk)
        show(start)


@contextlib.contextmanager
def _progress_bar(file: RemoteFile) -> Generator[Callable[[int], None], None, None]:
    """Show a bar on standard error; yield the function that sets the bytes done."""
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("[progress.description]{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(file.name, total=file.size)
        yield lambda done: bar.update(task, completed=done)
