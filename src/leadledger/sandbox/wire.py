"""Reads HTTP/1.1 requests from a socket and writes responses to it.

Our own few lines instead of http.server's: its e-mail parser for headers costs more than a whole small call
of the sandbox, and it cannot send half an answer on purpose.
"""

from __future__ import annotations

import gzip
import zlib
from email.utils import formatdate
from http import HTTPStatus
from io import BufferedIOBase
from urllib.parse import parse_qsl, unquote

from leadledger.sandbox.http import Request, Response

MAX_LINE_BYTES = 65_536
MAX_HEADERS = 100
MAX_BODY_BYTES = 256 * 1024 * 1024
COMPRESS_ABOVE_BYTES = 1_024

_REASONS = {status.value: status.phrase for status in HTTPStatus}


class WireError(Exception):
    """The bytes are not an HTTP/1.1 request that can be answered; `status` is what the caller gets."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def read_request(stream: BufferedIOBase, interim: BufferedIOBase) -> Request | None:
    """The next request of a connection, None at its end. Raises WireError.

    `interim` takes the `100 Continue` that curl waits for before it sends a large body.
    """
    line = _line(stream)
    if not line:
        return None
    parts = line.decode("latin-1").split()
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise WireError(400, "The first line is not an HTTP/1.1 request line.")
    method, target, version = parts
    headers = _headers(stream)
    headers.setdefault("connection", "keep-alive" if version == "HTTP/1.1" else "close")
    if headers.get("expect", "").lower() == "100-continue":
        interim.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = _body(stream, headers)
    path, _, query = target.partition("?")
    return Request(
        method=method.upper(),
        path=unquote(path),
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        headers=headers,
        body=body,
    )


def render(response: Response, *, method: str, now_us: int, gzip_accepted: bool, keep_alive: bool) -> bytes:
    """Status line, headers and body in one piece, so that they leave in one packet."""
    body = response.body
    lines = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    given = {name.lower() for name, _ in response.headers}
    if gzip_accepted and len(body) > COMPRESS_ABOVE_BYTES and "content-encoding" not in given:
        body = gzip.compress(body, compresslevel=1, mtime=0)
        lines += ["Content-Encoding: gzip", "Vary: Accept-Encoding"]
    if "date" not in given:
        lines.append(f"Date: {formatdate(now_us / 1_000_000, usegmt=True)}")
    # A 204 and a 304 have no body by definition, and clients stumble over a length there.
    if "content-length" not in given and response.status not in {204, 304}:
        lines.append(f"Content-Length: {len(body)}")
    lines.append(f"Connection: {'keep-alive' if keep_alive else 'close'}")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
    return head if method == "HEAD" or response.status in {204, 304} else head + body


def _line(stream: BufferedIOBase) -> bytes:
    line = stream.readline(MAX_LINE_BYTES + 1)
    if len(line) > MAX_LINE_BYTES:
        raise WireError(414, f"A line of the request is longer than {MAX_LINE_BYTES} bytes.")
    return line


def _headers(stream: BufferedIOBase) -> dict[str, str]:
    headers: dict[str, str] = {}
    while (line := _line(stream)) not in {b"\r\n", b"\n", b""}:
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or len(headers) >= MAX_HEADERS:
            raise WireError(431, f"A header line without a colon, or more than {MAX_HEADERS} headers.")
        headers[name.strip().lower()] = value.strip()
    return headers


def _body(stream: BufferedIOBase, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = _chunks(stream)
    else:
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > MAX_BODY_BYTES:
            raise WireError(413, f"Content-Length has to be a number up to {MAX_BODY_BYTES}.")
        body = stream.read(int(length)) if length != "0" else b""
        if len(body) < int(length):
            raise WireError(400, "The connection ended before the body was complete.")
    if headers.get("content-encoding", "").lower() == "gzip":
        try:
            return gzip.decompress(body)
        except (OSError, EOFError, zlib.error) as exc:
            raise WireError(400, "The body is not the gzip that its header promises.") from exc
    return body


def _chunks(stream: BufferedIOBase) -> bytes:
    body = bytearray()
    while True:
        try:
            size = int(_line(stream).split(b";")[0], 16)
        except ValueError as exc:
            raise WireError(400, "A chunk does not start with its size in hexadecimal.") from exc
        if size < 0 or len(body) + size > MAX_BODY_BYTES:
            raise WireError(413, f"The chunks are together longer than {MAX_BODY_BYTES} bytes.")
        body += stream.read(size)
        _line(stream)
        if size == 0:
            return bytes(body)
