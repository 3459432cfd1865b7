"""Which policy a command asks: the adopted one, unless somebody names a folder or there is none."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from bot.adapters.live_policy import read_adopted
from bot.adapters.policy_files.loader import load_policy, load_policy_files
from bot.cli.shell import BROKEN, err
from bot.domain.errors import PolicyError
from bot.domain.policy import Policy
from bot.domain.policy_version import REPOSITORY, PolicyVersion, VersionState

_ANOTHER = "To ask the files of a folder instead: --policy FOLDER"


@dataclass(frozen=True, kw_only=True)
class Consulted:
    """A policy and where it comes from: adopted at a moment, or the files of a folder."""

    policy: Policy
    since: datetime | None = None
    folder: Path | None = None


def consult(named: Path | None, policy_dir: Path, tx: Any | None) -> Consulted:
    """Read the folder that is named, else the version in force, else `policy_dir`.

    Ends the command when the version in force cannot be read: the rules of a folder are others.
    """
    adopted = _adopted(tx) if named is None and tx is not None else None
    if adopted is not None:
        return Consulted(policy=_read(adopted), since=adopted.at)
    folder = named or policy_dir
    return Consulted(policy=load_policy(folder), folder=folder)


def _adopted(tx: Any) -> PolicyVersion | None:
    good = tx.policies.commit_of(REPOSITORY, VersionState.GOOD)
    found: PolicyVersion | None = tx.policies.get(good) if good is not None else None
    return found


def _read(version: PolicyVersion) -> Policy:
    try:
        return read_adopted(
            version, lambda content, commit: load_policy_files(content.name, content.files, commit)
        )
    except PolicyError as broken:
        for line in (broken.detail, *(f"  {fault}" for fault in broken.faults), _ANOTHER):
            err.print(line, markup=False)
        raise typer.Exit(BROKEN) from broken
