"""A small web page on loopback with which a newcomer plays the people of the example company."""

from bot.sandbox.front.server import Front

__all__ = ["Front"]
