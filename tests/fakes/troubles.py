"""Trouble on request, for fakes: a call that fails before its effect, or whose answer is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.domain.errors import OutcomeUnknown


@dataclass
class _Trouble:
    call: str
    error: Exception
    times: int
    is_after: bool


class Troubles:
    """What shall go wrong, and every call that was made."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._waiting: list[_Trouble] = []

    def refuse(self, call: str, error: Exception, *, times: int = 1) -> None:
        """Let the next calls of this name fail without an effect."""
        self._waiting.append(_Trouble(call, error, times, is_after=False))

    def lose(self, call: str, *, times: int = 1) -> None:
        """Let the next calls of this name have their effect and lose the answer."""
        lost = OutcomeUnknown("the answer was lost", service="fake")
        self._waiting.append(_Trouble(call, lost, times, is_after=True))

    def clear(self) -> None:
        self._waiting.clear()

    @contextmanager
    def around(self, call: str) -> Iterator[None]:
        """Note a call, and break it if it is to be broken."""
        self.calls.append(call)
        trouble = next((t for t in self._waiting if t.call == call and t.times > 0), None)
        if trouble is not None:
            trouble.times -= 1
            if not trouble.is_after:
                raise trouble.error
        yield
        if trouble is not None:
            raise trouble.error
