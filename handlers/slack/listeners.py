"""How our methods become Bolt listeners."""

import inspect
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


def listener(method: Callable[..., Answer]) -> Callable[..., Answer]:
    """Wrap a bound method so that Bolt sees no `self`.

    Bolt drops `self` from its list of argument names on the first call. All threads share that
    list, and two first calls at once would drop one argument more, for good.
    """

    def run(**arguments: object) -> Answer:
        return method(**arguments)

    run.__name__ = method.__name__
    setattr(run, "__signature__", inspect.signature(method))  # noqa: B010  # unknown to mypy
    return run
