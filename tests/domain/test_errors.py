"""Errors survive the durable engine with everything that they say."""

import inspect
import pickle
from collections.abc import Iterator

import pytest

import bot.domain.errors as module
from bot.domain.blockers import Blocker, BlockerKind
from bot.domain.errors import (
    Audience,
    ConnectorError,
    NotPermitted,
    OutcomeUnknown,
    PolicyError,
    RateLimited,
    RequestRejected,
    SettingsError,
    Unavailable,
    UsherError,
)

SAMPLES = {
    str: "words",
    float: 7.5,
    tuple[str, ...]: ("one", "two"),
    tuple[Blocker, ...]: (Blocker(kind=BlockerKind.JOB, what=("Nightly sync",)),),
}


def family(root: type[UsherError] = UsherError) -> Iterator[type[UsherError]]:
    yield root
    for child in root.__subclasses__():
        yield from family(child)


CLASSES = sorted(set(family()), key=lambda kind: kind.__name__)


def facts_of(kind: type[UsherError]) -> dict[str, object]:
    """Fill every fact that a class takes with something other than its default."""
    parameters = inspect.signature(kind, eval_str=True).parameters.values()
    return {p.name: SAMPLES[p.annotation] for p in parameters if p.kind is p.KEYWORD_ONLY}


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_error_comes_back_from_pickling_as_it_was(
    kind: type[UsherError], protocol: int
) -> None:
    error = kind("It went wrong", **facts_of(kind))

    back = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301  # our own bytes

    assert type(back) is kind
    assert vars(back) == vars(error)
    assert str(back) == "It went wrong"
    assert {name: getattr(back, name) for name in facts_of(kind)} == facts_of(kind)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_can_be_made_from_its_detail_alone_or_from_nothing(
    kind: type[UsherError],
) -> None:
    assert kind("No.").detail == "No."
    assert pickle.loads(pickle.dumps(kind())).detail == ""  # noqa: S301  # our own bytes


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_takes_one_positional_detail_and_all_else_by_name(
    kind: type[UsherError],
) -> None:
    detail, *facts = inspect.signature(kind).parameters.values()

    assert (detail.name, detail.default) == ("detail", "")
    assert {p.kind for p in facts} <= {
        inspect.Parameter.KEYWORD_ONLY,
        inspect.Parameter.VAR_KEYWORD,
    }
    assert not [p for p in facts if p.kind is p.KEYWORD_ONLY and p.default is p.empty]


def test_a_cause_that_pickles_badly_is_left_behind() -> None:
    error = Unavailable("Down", service="slack")
    error.__cause__ = OSError("socket")

    back = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes

    assert (back.detail, back.service, back.__cause__) == ("Down", "slack", None)


def test_only_what_may_succeed_by_itself_is_retryable() -> None:
    assert {kind for kind in CLASSES if kind.retryable} == {
        Unavailable,
        RateLimited,
        OutcomeUnknown,
    }


def test_rejections_are_for_the_requester_and_all_else_for_operators() -> None:
    for_requester = {kind for kind in CLASSES if kind.audience is Audience.REQUESTER}

    assert for_requester == set(family(RequestRejected))


def test_the_tree_in_the_docstring_names_every_class() -> None:
    drawn = [line.strip("│├└─ ").split()[0] for line in (module.__doc__ or "").splitlines()[2:18]]

    assert sorted(drawn) == [kind.__name__ for kind in CLASSES]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NotPermitted("No."), "No."),
        (NotPermitted("No.", next_step="Ask IT."), "No. Ask IT."),
        (NotPermitted("No.", rule="x by", next_step="Ask IT."), "No. (rule: x by) Ask IT."),
    ],
)
def test_a_rejection_is_one_text_with_its_rule_and_the_next_step(
    error: RequestRejected, said: str
) -> None:
    assert error.sentence() == said


def test_facts_have_defaults_that_mean_nothing_is_known() -> None:
    assert (ConnectorError().service, ConnectorError().code) == ("", "")
    assert (PolicyError().faults, SettingsError().problems) == ((), ())
    assert RateLimited().retry_after_s == 30
