"""The benchmarks: each measures Usher against a named peer in the same run."""
