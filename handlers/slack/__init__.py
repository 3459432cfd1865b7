"""Slack, inbound: verify, parse, hand over, answer."""
