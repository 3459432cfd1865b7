"""Slack, outbound: cards in direct messages, who is behind an id, and whether the token works."""
