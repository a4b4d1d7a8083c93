"""Serves the pretended CRMs over HTTP/1.1 on loopback, with latency, faults, a log and a control panel."""

from __future__ import annotations

import contextlib
import logging
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Self

from leadledger.sandbox.control import CONTROL_PREFIX, Control
from leadledger.sandbox.faults import Act, Fault, Faults
from leadledger.sandbox.http import App, Request, Response, SandboxClock
from leadledger.sandbox.journal import Journal
from leadledger.sandbox.wire import WireError, read_request, render

HOST = "127.0.0.1"
_log = logging.getLogger(__name__)


class Cut(Enum):
    """Where an answer is cut off."""

    NOWHERE = "nowhere"
    BEFORE = "before"
    HALFWAY = "halfway"


@dataclass(frozen=True, slots=True)
class Reply:
    """A response and how much of it is sent."""

    response: Response
    cut: Cut = Cut.NOWHERE


class Sandbox:
    """The server. `apps` are asked in order which of them handles a path.

    `latency_ms` is added to every call of a CRM. `reload` fills the apps with their story again, for
    POST /_sandbox/reset. Bound to 127.0.0.1 only: there is no password on the control panel.
    """

    def __init__(
        self,
        apps: Sequence[App],
        clock: SandboxClock,
        *,
        latency_ms: float = 0,
        reload: Callable[[], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.apps = tuple(apps)
        self.clock = clock
        self.latency_ms = latency_ms
        self.journal = Journal()
        self.faults = Faults()
        self._sleep = sleep
        self._control = Control(self.apps, clock, self.journal, self.faults, reload)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:PORT`. Raises RuntimeError before `start`."""
        if self._server is None:
            raise RuntimeError("The sandbox has no address yet: call start() first.")
        return f"http://{HOST}:{self._server.server_address[1]}"

    def environment(self) -> Mapping[str, str]:
        """The LEADLEDGER_ variables of all apps."""
        return {name: value for app in self.apps for name, value in app.environment(self.base_url).items()}

    def start(self, port: int = 0) -> str:
        """Listen in a thread of its own; 0 takes a free port. Raises OSError when the port is taken."""
        self._server = _Server((HOST, port), self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="sandbox", daemon=True
        )
        self._thread.start()
        return self.base_url

    def stop(self) -> None:
        """Close the listener and every open connection. Does nothing when not started."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.close_connections()
        self._server = self._thread = None

    def serve(self, port: int = 0, *, ready: Callable[[str], None] | None = None) -> None:
        """Serve in the foreground until KeyboardInterrupt; `ready` is told the address once."""
        base_url = self.start(port)
        try:
            if ready is not None:
                ready(base_url)
            threading.Event().wait()
        finally:
            self.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def answer(self, request: Request) -> Reply:
        """Everything between a read request and the bytes to send."""
        if request.path.startswith(CONTROL_PREFIX):
            return Reply(self._control.handle(request))
        app = next((app for app in self.apps if app.handles(request.path)), None)
        if app is None:
            return Reply(_nobody())
        started = time.perf_counter_ns()
        if self.latency_ms:
            self._sleep(self.latency_ms / 1_000)
        fault = self.faults.take(app.crm, request.method, request.path)
        reply = self._reply(app, request, fault)
        answered = reply.cut is not Cut.BEFORE
        self.journal.record(
            app.crm,
            request,
            at_us=self.clock.now_us(),
            status=reply.response.status if answered else 0,
            response_bytes=len(reply.response.body) if answered else 0,
            duration_us=(time.perf_counter_ns() - started) // 1_000,
            fault=fault.act.value if fault else "",
        )
        return reply

    def _reply(self, app: App, request: Request, fault: Fault | None) -> Reply:
        if fault is None:
            return Reply(self._ask(app, request))
        if fault.act is Act.RESPOND and fault.response is not None:
            return Reply(fault.response)
        if fault.act is Act.DROP_BEFORE:
            return Reply(Response(500), Cut.BEFORE)
        if fault.act is Act.DELAY:
            self._sleep(fault.seconds)
        if fault.act is Act.EXPIRE_TOKEN:
            self._control.expire_tokens(app.crm)
        response = self._ask(app, request)
        if fault.act is Act.DROP_AFTER:
            return Reply(response, Cut.BEFORE)
        if fault.act is Act.TRUNCATE:
            return Reply(response, Cut.HALFWAY)
        if fault.act is Act.TRUNCATE_JSON:
            return Reply(replace(response, body=response.body[: len(response.body) // 2]))
        return Reply(response)

    def _ask(self, app: App, request: Request) -> Response:
        try:
            return app.handle(request)
        except Exception as exc:  # noqa: BLE001 - a bug behind one call must not end the connection
            # A bug of the sandbox must reach whoever watches it, and must not look like a CRM's own error.
            _log.exception("The sandbox failed on %s %s.", request.method, request.path)
            problem = {
                "sandbox_error": type(exc).__name__,
                "message": "The sandbox itself failed on this call; its own log has the traceback.",
            }
            return Response.json(500, problem)


def _nobody() -> Response:
    problem = {
        "error": "not_found",
        "message": f"No CRM of this sandbox answers here. {CONTROL_PREFIX}help lists what there is.",
    }
    return Response.json(404, problem)


class _Server(socketserver.ThreadingTCPServer):
    """A thread per connection. (http.server's variant would look up our own host name at every start.)"""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, _Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """End the keep-alive connections, whose threads wait for a request that will not come."""
        with self._open_lock:
            connections = tuple(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Connection(socketserver.StreamRequestHandler):
    """One client connection with its requests, one after the other."""

    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        # A client that goes away in the middle is its own business.
        with contextlib.suppress(ConnectionError, TimeoutError, ValueError):
            while self._one():
                pass

    def _one(self) -> bool:
        """Answer one request; False when the connection is over."""
        sandbox = self.server.sandbox
        try:
            request = read_request(self.rfile, self.wfile)
        except WireError as exc:
            refusal = Response.json(exc.status, {"error": "bad_request", "message": str(exc)})
            self._send(refusal, "GET", keep_alive=False, gzip_accepted=False)
            return False
        if request is None:
            return False
        reply = sandbox.answer(request)
        if reply.cut is Cut.BEFORE:
            return False
        headers = request.headers
        keep_alive = headers["connection"].lower() != "close" and reply.cut is Cut.NOWHERE
        gzip_accepted = "gzip" in headers.get("accept-encoding", "")
        if reply.cut is Cut.HALFWAY:
            body = reply.response.body
            length = ("Content-Length", str(len(body)))
            half = replace(
                reply.response, body=body[: len(body) // 2], headers=(*reply.response.headers, length)
            )
            self._send(half, request.method, keep_alive=False, gzip_accepted=False)
            return False
        self._send(reply.response, request.method, keep_alive=keep_alive, gzip_accepted=gzip_accepted)
        return keep_alive

    def _send(self, response: Response, method: str, *, keep_alive: bool, gzip_accepted: bool) -> None:
        now_us = self.server.sandbox.clock.now_us()
        self.wfile.write(
            render(response, method=method, now_us=now_us, gzip_accepted=gzip_accepted, keep_alive=keep_alive)
        )
