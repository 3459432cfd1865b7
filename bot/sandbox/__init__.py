"""The outside world on loopback: emulators of Slack, GitHub, Salesforce and 1Password, and an example company."""
