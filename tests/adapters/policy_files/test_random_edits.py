"""Whatever people type into policy files, the loader answers with a policy or with faults."""

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.policy_files.loader import load_policy
from bot.domain.errors import PolicyError

SHIPPED = Path(__file__).parents[3] / "policies"
FILES = ("company.yml", "roles.yml", "systems/salesforce.yml", "systems/gong.yml")
FAULT = re.compile(r"policies(/[\w./-]+)?:[1-9]\d*:[1-9]\d*: error: \S.*", re.DOTALL)
FOREIGN = re.compile(r"Input should|Field required|Extra inputs|String should|Traceback")
# What a slip of the hand or of an editor leaves behind.
PIECES = st.sampled_from(
    ["", " ", "\n", "\t", ":", ": ", "- ", "[", "]", "{", "}", "#", "&a ", "*a", "!x ", "'", '"']
) | st.sampled_from(
    ["no", "null", "0", "1.5", "\x00", "\ufeff", "é", "everyone", "it", "\n---\n", "<<: "]
)
SLIPS = st.lists(
    st.tuples(st.sampled_from(FILES), st.floats(0, 1), st.integers(0, 30), PIECES),
    min_size=1,
    max_size=4,
)


WORD = re.compile(r"[\w@{}./-]+")
WORDS = sorted({word for file in FILES for word in WORD.findall((SHIPPED / file).read_text())})
SWAPS = st.lists(
    st.tuples(st.sampled_from(FILES), st.integers(0, 150), st.sampled_from(WORDS)),
    min_size=1,
    max_size=4,
)
HARD_WORK = settings(
    max_examples=150,
    deadline=5000,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path_factory.mktemp("edited") / "policies"))


@given(slips=SLIPS)
@HARD_WORK
def test_slips_of_the_hand_give_a_policy_or_faults(
    copy: Path, slips: list[tuple[str, float, int, str]]
) -> None:
    texts = {file: (SHIPPED / file).read_text() for file in FILES}
    for file, place, length, piece in slips:
        text, at = texts[file], int(place * len(texts[file]))
        texts[file] = text[:at] + piece + text[at + length :]

    faults = told(copy, texts)

    assert all(FAULT.fullmatch(fault) and not FOREIGN.search(fault) for fault in faults), faults


@given(swaps=SWAPS)
@HARD_WORK
def test_right_words_in_wrong_places_give_a_policy_or_faults(
    copy: Path, swaps: list[tuple[str, int, str]]
) -> None:
    texts = {file: (SHIPPED / file).read_text() for file in FILES}
    for file, number, word in swaps:
        spots = [*WORD.finditer(texts[file])]
        start, end = spots[number % len(spots)].span()
        texts[file] = texts[file][:start] + word + texts[file][end:]

    faults = told(copy, texts)

    assert all(FAULT.fullmatch(fault) and not FOREIGN.search(fault) for fault in faults), faults


def told(directory: Path, texts: dict[str, str]) -> tuple[str, ...]:
    """Return the faults of these texts as a directory, none if they are a policy."""
    for file, text in texts.items():
        (directory / file).write_text(text)
    try:
        load_policy(directory, commit="test")
    except PolicyError as error:
        return error.faults or ("refused without a fault",)
    return ()
