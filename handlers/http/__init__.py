"""The HTTP API of onboarding systems, and the probes of operations."""
