"""What Usher knows and decides: pure values and functions. No clock, no randomness, no I/O."""
