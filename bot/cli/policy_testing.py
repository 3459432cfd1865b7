"""What `usher policy test` prints: every failing case, what no case reaches, and the count."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.domain.policy import Policy, Where
from bot.domain.policy_case_report import CaseResult, as_expected, judge_case, told, written
from bot.domain.policy_cases import PolicyCase
from bot.domain.policy_coverage import Part, Point, unreached
from bot.domain.policy_coverage import told as told_point


@dataclass(frozen=True, kw_only=True)
class Run:
    """All cases of a policy, played; what no case reaches counts if coverage is required."""

    policy: Policy
    results: tuple[CaseResult, ...]
    unreached: tuple[Point, ...]
    is_coverage_required: bool

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        return tuple(result for result in self.results if not result.is_passed)

    @property
    def is_ok(self) -> bool:
        return not self.failed and not (self.is_coverage_required and self.unreached)


def run_cases(policy: Policy, cases: Sequence[PolicyCase], *, is_coverage_required: bool) -> Run:
    """Play every case."""
    results = tuple(judge_case(case, policy) for case in cases)
    return Run(
        policy=policy,
        results=results,
        unreached=unreached(policy, results),
        is_coverage_required=is_coverage_required,
    )


# ---- text ---------------------------------------------------------------------------------------


def as_text(run: Run) -> str:
    """Write a run for people, the failing cases first."""
    lines = [told(result) for result in run.failed]
    lines += [told_point(point) for point in run.unreached]
    return "\n".join((*lines, _summary(run)))


def _summary(run: Run) -> str:
    failed = len(run.failed)
    passed = len(run.results) - failed
    if not run.results:
        count = "No case (write the first one into tests/<name>.yml, kind: tests)."
    else:
        count = f"{_count(len(run.results), 'case')}: {passed} passed, {failed} failed."
    return f"{count} {_coverage(run)} (policy {run.policy.commit})."


def _coverage(run: Run) -> str:
    levels = sum(point.part is Part.LEVEL for point in run.unreached)
    rules = len(run.unreached) - levels
    if not run.unreached:
        return "Every level and every rule is reached by a case"
    demand = ", and coverage is required" if run.is_coverage_required else ""
    return f"No case reaches {_count(levels, 'level')} and {_count(rules, 'rule')}{demand}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


# ---- json ---------------------------------------------------------------------------------------


def as_document(run: Run) -> dict[str, Any]:
    """Write a run for a script."""
    return {
        "ok": run.is_ok,
        "policy": run.policy.commit,
        "passed": len(run.results) - len(run.failed),
        "failed": len(run.failed),
        "cases": [_case(result) for result in run.results],
        "coverage": {
            "required": run.is_coverage_required,
            "complete": not run.unreached,
            "unreached": [
                {
                    "part": point.part,
                    "name": point.name,
                    **_place(point.where),
                    "missing": point.missing,
                }
                for point in run.unreached
            ],
        },
    }


def _case(result: CaseResult) -> dict[str, Any]:
    case, outcome = result.case, result.outcome
    return {
        "name": case.name,
        **_place(case.where),
        "passed": result.is_passed,
        "differences": [asdict(difference) for difference in result.differences],
        "rules": outcome.rules,
        "says": outcome.words,
        "write": None if result.is_passed else written(as_expected(case, outcome)),
    }


def _place(where: Where) -> dict[str, Any]:
    return {"file": where.file, "line": where.line, "column": where.column}
