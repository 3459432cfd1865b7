"""Slack on loopback: the Web API that slack_sdk talks to, and the people whose clients talk to the
bot.
"""

from bot.sandbox.slack.delivery import EventDelivery
from bot.sandbox.slack.emulator import SlackEmulator
from bot.sandbox.slack.person import Person
from bot.sandbox.slack.records import BotAnswer, SandboxUseError, SlackMessage, View

__all__ = [
    "BotAnswer",
    "EventDelivery",
    "Person",
    "SandboxUseError",
    "SlackEmulator",
    "SlackMessage",
    "View",
]
