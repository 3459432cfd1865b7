"""The file of the API's callers."""

import os
from pathlib import Path

import pytest

from bot.adapters.api_tokens import ApiTokensFile, parse_tokens
from bot.domain.errors import Unavailable

ONE, TWO = "a" * 64, "b" * 64


def test_names_and_hashes_are_read_around_comments() -> None:
    text = f"# callers\n\nhr sha256:{ONE}\n  payroll\tsha256:{TWO.upper()}  \n"

    assert parse_tokens(text, "tokens") == {"hr": ONE, "payroll": TWO}


def test_every_wrong_line_is_named_and_none_is_shown() -> None:
    text = f"hr sha256:{ONE}\nmy-secret-token\nhr sha256:{TWO}\nx sha256:abc"

    with pytest.raises(Unavailable) as caught:
        parse_tokens(text, "tokens")

    assert "tokens:2: write «name sha256:" in caught.value.detail
    assert "tokens:3: the name hr is there twice" in caught.value.detail
    assert "tokens:4:" in caught.value.detail
    assert "my-secret-token" not in caught.value.detail


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"hr sha256:{ONE}\n")
    tokens = ApiTokensFile(path)
    assert tokens() == {"hr": ONE}

    path.write_text(f"hr sha256:{TWO}\n")
    os.utime(path, ns=(1, 1))

    assert tokens() == {"hr": TWO}


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"nonsense"])
def test_a_file_that_cannot_be_read_lets_nobody_in(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"hr sha256:{ONE}\n")
    tokens = ApiTokensFile(path)
    tokens()

    path.unlink()
    if content is not None:
        path.write_bytes(content)

    for _ in range(2):
        with pytest.raises(Unavailable):
            tokens()
