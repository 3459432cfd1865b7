"""GitHub's way in: webhooks verified and turned into messages for the inbox."""
