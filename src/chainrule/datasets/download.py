"""Resumable download of a file of known size and SHA-256.

Received bytes are stored in ``NAME.part`` beside the target, and an interrupted download resumes by
a range request. The file is renamed to the target only if its SHA-256 matches.

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
    """Download a file with a progress bar, and verify its checksum."""
    if not address.startswith(("https://", "http://")):
        raise DownloadError(f"{address} is no HTTP address")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DownloadError(f"the folder {target.parent} cannot be created ({error})") from error
    storage.checked_target(target)  # before the transfer, in case it cannot be a file
    part = target.with_name(target.name + ".part")
    with _progress_bar(file) as show:
        while (before := _received(part, file)) < file.size:
            failure = _transfer(address, file, part, show)
            # After a premature end the rest is requested, as long as each response makes progress.
            if _received(part, file) <= before:
                raise DownloadError(f"{address} {failure}")
    digest = storage.sha256_of(part)
    if digest != file.sha256:
        part.unlink()
        raise DownloadError(
            f"the download from {address} was removed: its SHA-256 is {digest}, expected "
            f"{file.sha256}"
        )
    storage.publish(part, target)


def _received(part: Path, file: RemoteFile) -> int:
    """Return the size of the part of an earlier attempt; one that is too long is removed."""
    if not part.exists():
        return 0
    size = part.stat().st_size
    if size > file.size:
        part.unlink()
        return 0
    return size


def _transfer(address: str, file: RemoteFile, part: Path, show: Callable[[int], None]) -> str:
    """Request the missing bytes once; return why the response ended, for a message."""
    offset = _received(part, file)
    request = urllib.request.Request(address, headers={"User-Agent": "chainrule"})
    if offset:
        request.add_header("Range", f"bytes={offset}-")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            start = _first_byte(response, offset, address)
            storage.write_at(part, start, _chunks(response, start, file.size, show))
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == RANGE_NOT_SATISFIABLE:  # the remote file is shorter than the part
            part.unlink(missing_ok=True)
        return f"answered {error.code} ({error.reason})"
    except NETWORK_ERRORS as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        return f"could not be reached ({getattr(reason, 'strerror', None) or reason})"
    return f"stopped after {_received(part, file)} of {file.size} bytes; they are kept"


def _first_byte(response: http.client.HTTPResponse, offset: int, address: str) -> int:
    """Return the offset at which the response begins: the requested one, or 0."""
    if response.status != PARTIAL_CONTENT:
        return 0  # the server ignores ranges and sends the whole file
    content_range = response.headers.get("Content-Range", "")
    if not content_range.startswith(f"bytes {offset}-"):
        raise DownloadError(
            f"{address} answered with the range {content_range!r}, requested from byte {offset} on"
        )
    return offset


def _chunks(
    response: http.client.HTTPResponse, start: int, size: int, show: Callable[[int], None]
) -> Iterator[bytes]:
    """Yield received bytes, up to the size of the file."""
    while start < size and (chunk := response.read1(min(CHUNK, size - start))):
        yield chunk
        start += len(chunk)
        show(start)


@contextlib.contextmanager
def _progress_bar(file: RemoteFile) -> Generator[Callable[[int], None], None, None]:
    """Show a progress bar on standard error; yield the function that updates it."""
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("[progress.description]{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
    )
    # In a notebook Rich would need ipywidgets; written as on a terminal, the bar needs nothing.
    console = Console(stderr=True, force_jupyter=False)
    with progress.Progress(*columns, console=console) as bar:
        task = bar.add_task(file.name, total=file.size)
        yield lambda done: bar.update(task, completed=done)
