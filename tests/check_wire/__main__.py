"""`make check-wire`: hold what the bot really sends against descriptions that nobody here wrote.

Needs Node 20 or newer with npm. Set CONNECT_OPENAPI to the published description of 1Password
Connect to check that too: its licence is not stated, so it is not in this repository.
"""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.wire import Exchange
from tests.check_wire import block_kit, descriptions, webhooks
from tests.check_wire.recording import record
from tests.soql_oracle import oracle

WRONG_USE = 2
MOST_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One check: how much it looked at, and what it found."""

    name: str
    looked_at: str
    problems: list[str]


def main() -> int:
    if shutil.which("node") is None or shutil.which("npm") is None:
        _say("make check-wire needs Node 20 or newer, with npm.")
        return WRONG_USE
    connect = os.environ.get("CONNECT_OPENAPI", "")
    if connect and not Path(connect).is_file():
        _say(f"CONNECT_OPENAPI: there is no file {connect}")
        return WRONG_USE
    descriptions.install()
    if why := oracle.install():
        _say(f"make check-wire needs a SOQL grammar: {why}.")
        return WRONG_USE
    sent = record()
    verdicts = [
        *_described(sent, Path(connect) if connect else None),
        _soql(sent["salesforce"]),
        _webhooks(),
        _block_kit(sent["slack"]),
    ]
    for verdict in verdicts:
        _print(verdict)
    if not connect:
        _say("left out  1Password Connect requests: set CONNECT_OPENAPI to its description")
    return 1 if any(verdict.problems for verdict in verdicts) else 0


def _described(sent: dict[str, list[Exchange]], connect: Path | None) -> list[Verdict]:
    tasks = {"GitHub requests": descriptions.github_task(sent["github"])}
    if connect is not None:
        task = descriptions.connect_task(connect, sent["onepassword"])
        tasks["1Password Connect requests"] = task
    answers = descriptions.judge(tasks)
    return [
        Verdict(
            name=name,
            looked_at=_count(tasks[name], answer["operations"]),
            problems=answer["problems"] or _if_nothing(tasks[name]),
        )
        for name, answer in answers.items()
    ]


def _soql(exchanges: list[Exchange]) -> Verdict:
    queries = oracle.sent(exchanges)
    wrong = [f"no SOQL: {query}" for query in oracle.no_soql(queries)]
    problems = wrong if queries else ["nothing was recorded"]
    looked_at = f"{len(queries)} different queries"
    return Verdict(name="SOQL queries", looked_at=looked_at, problems=problems)


def _count(task: dict[str, list[object]], operations: list[str]) -> str:
    return f"{len(task['calls'])} requests to {len(operations)} operations"


def _if_nothing(task: dict[str, list[object]]) -> list[str]:
    return [] if task.get("calls") else ["nothing was recorded"]


def _webhooks() -> Verdict:
    seen = list(webhooks.examples(descriptions.EXAMPLES))
    problems = [p for event, payload in seen for p in webhooks.problems_of(event, payload)]
    if not webhooks.is_kept_as_request(descriptions.EXAMPLES):
        problems.append("an opened issue with our form in it did not become a request")
    ours = sum(event in webhooks.OURS for event, _ in seen)
    return Verdict(
        name="GitHub webhooks",
        looked_at=f"{len(seen)} payloads, {ours} of issues and comments",
        problems=sorted(set(problems)),
    )


def _block_kit(exchanges: list[Exchange]) -> Verdict:
    seen = list(block_kit.shown(exchanges))
    problems = {
        f"{call}: {problem}"
        for call, blocks, view in seen
        for problem in block_kit.problems_of(blocks, view)
    }
    blind = [str(bad) for bad in block_kit.BAD if not block_kit.problems_of(*bad)]
    problems |= {f"the checker is blind: it lets {bad} pass" for bad in blind}
    if not seen:
        problems.add("nothing was recorded")
    return Verdict(
        name="Block Kit", looked_at=f"{len(seen)} messages and views", problems=sorted(problems)
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _print(verdict: Verdict) -> None:
    _say(f"{'wrong' if verdict.problems else 'ok':<8}  {verdict.name}: {verdict.looked_at}")
    for problem in verdict.problems[:MOST_SHOWN]:
        _say(f"          {problem}")
    if len(verdict.problems) > MOST_SHOWN:
        _say(f"          and {len(verdict.problems) - MOST_SHOWN} more")


if __name__ == "__main__":
    sys.exit(main())
