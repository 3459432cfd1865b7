"""The outside world on loopback: emulators of four services, and an example company."""
