"""A value that must never be printed, stored or sent by accident."""

from typing import NoReturn


class Secret:
    """Hold a credential; only `reveal()` gives it out.

    It has no useful repr, str, format, pickle, copy or JSON form, so that no log line, no exception
    and not the durable engine can carry it.
    """

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        return self.__value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __format__(self, _spec: str) -> str:
        return "Secret(…)"

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be copied or stored")
