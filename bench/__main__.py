"""Run all benchmarks, or those named; the last line is one JSON object with the figures."""

import argparse
import importlib
import json
import sys
from collections.abc import Mapping, Sequence

NAMES = ("ack", "waiting", "seat", "start", "policy", "salesforce")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(NAMES)}")
    parser.add_argument(
        "--quick", action="store_true", help="only show that it runs; the figures mean nothing"
    )
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.names) - set(NAMES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there is {', '.join(NAMES)}")
    names = chosen.names or NAMES
    figures = {name: _run(name, quick=chosen.quick) for name in names}
    sys.stdout.flush()
    print(json.dumps(figures if len(figures) > 1 else figures[names[0]]))


def _run(name: str, *, quick: bool) -> Mapping[str, float]:
    module = importlib.import_module(f"bench.{name}")
    figures: Mapping[str, float] = module.run(module.QUICK if quick else module.FULL)
    return figures


if __name__ == "__main__":
    main()
