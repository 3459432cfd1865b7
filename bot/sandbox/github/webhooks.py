"""Webhook deliveries as GitHub sends them: signed, in order, once, 10 seconds to answer."""

import hmac
import json
import queue
import threading
import uuid
from dataclasses import dataclass
from typing import Any

import requests

# Docs "Handling webhook deliveries": later is a failed delivery, and GitHub does not retry it.
TIMEOUT_S = 10
_STOP = None


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A delivery as the App's settings show it; `status` is None until the receiver answered."""

    guid: str
    event: str
    action: str | None
    payload: dict[str, Any]
    status: int | None
    attempts: int
    error: str | None = None


@dataclass
class _Parcel:
    guid: str
    event: str
    payload: dict[str, Any]
    body: bytes
    status: int | None = None
    attempts: int = 0
    error: str | None = None

    def snapshot(self) -> Delivery:
        return Delivery(
            guid=self.guid,
            event=self.event,
            action=self.payload.get("action"),
            payload=self.payload,
            status=self.status,
            attempts=self.attempts,
            error=self.error,
        )


class Hookshot:
    """Sends deliveries from a daemon thread; `send` only queues: call it under any lock."""

    def __init__(self, *, hook_id: int, app_id: int) -> None:
        self._hook_id = hook_id
        self._app_id = app_id
        self._target: tuple[str, bytes] | None = None
        self._parcels: dict[str, _Parcel] = {}
        self._queue: queue.Queue[tuple[_Parcel, threading.Event] | None] = queue.Queue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def connected(self) -> bool:
        return self._target is not None

    def connect(self, url: str, secret: str) -> None:
        """Set where deliveries go, also those that already wait."""
        with self._lock:
            self._target = (url, secret.encode())
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="hookshot", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop after the delivery that is under way."""
        with self._lock:
            thread, self._thread, self._target = self._thread, None, None
        if thread is not None:
            self._queue.put(_STOP)
            thread.join()

    def send(self, event: str, payload: dict[str, Any]) -> None:
        guid = str(uuid.uuid4())
        body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
        parcel = _Parcel(guid=guid, event=event, payload=payload, body=body)
        with self._lock:
            self._parcels[guid] = parcel
        self._queue.put((parcel, threading.Event()))

    def redeliver(self, guid: str, timeout_s: float) -> Delivery:
        """Send the same bytes under the same GUID again and wait for the outcome."""
        with self._lock:
            parcel = self._parcels[guid]
        sent = threading.Event()
        self._queue.put((parcel, sent))
        if not sent.wait(timeout_s):
            raise TimeoutError(f"delivery {guid} was not sent within {timeout_s} s")
        return parcel.snapshot()

    def deliveries(self) -> list[Delivery]:
        with self._lock:
            return [parcel.snapshot() for parcel in self._parcels.values()]

    def join(self, timeout_s: float) -> None:
        """Block until nothing waits and nothing is under way; raises TimeoutError."""
        done = self._queue.all_tasks_done
        with done:
            if not done.wait_for(lambda: not self._queue.unfinished_tasks, timeout_s):
                left = self._queue.unfinished_tasks
                raise TimeoutError(f"{left} deliveries not sent within {timeout_s} s")

    def _work(self) -> None:
        while (item := self._queue.get()) is not _STOP:
            parcel, sent = item
            self._deliver(parcel)
            sent.set()
            self._queue.task_done()
        self._queue.task_done()

    def _deliver(self, parcel: _Parcel) -> None:
        with self._lock:
            target = self._target
        if target is None:
            return
        status, error = self._post(*target, parcel)
        with self._lock:
            parcel.status, parcel.error = status, error
            parcel.attempts += 1

    def _post(self, url: str, secret: bytes, parcel: _Parcel) -> tuple[int | None, str | None]:
        # A connection per delivery: a kept one would be half dead after the receiver was restarted.
        with requests.Session() as session:
            session.trust_env = False
            try:
                response = session.post(
                    url,
                    data=parcel.body,
                    headers=self._headers(parcel, secret),
                    timeout=TIMEOUT_S,
                    allow_redirects=False,
                )
            except requests.RequestException as exc:
                return None, type(exc).__name__
        return response.status_code, None

    def _headers(self, parcel: _Parcel, secret: bytes) -> dict[str, str]:
        """Docs "Webhook events and payloads", delivery headers; "Validating webhook deliveries"."""
        sha1, sha256 = (
            hmac.new(secret, parcel.body, algorithm).hexdigest() for algorithm in ("sha1", "sha256")
        )
        return {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/5a4db0x",
            "X-GitHub-Delivery": parcel.guid,
            "X-GitHub-Event": parcel.event,
            "X-GitHub-Hook-ID": str(self._hook_id),
            "X-GitHub-Hook-Installation-Target-ID": str(self._app_id),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-Hub-Signature": f"sha1={sha1}",
            "X-Hub-Signature-256": f"sha256={sha256}",
        }
