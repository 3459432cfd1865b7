"""The commands about the audit log."""

from dataclasses import asdict
from typing import Annotated

import typer

from bot.cli.shell import NO, AsJson, out, print_json, reading

audit_app = typer.Typer(help="Look into the audit log.", no_args_is_help=True)

_EVERYTHING = 1_000_000_000


@audit_app.callback()
def _group() -> None:
    """Keep `usher audit` a group of commands although there is one only."""


@audit_app.command("replay")
def audit_replay(
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only so many, the newest. Default: all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Decide everything again as it was decided then, and list what comes out differently."""
    from bot.adapters.policy_files.loader import load_policy_files
    from bot.workflows.replaying import replay

    with reading() as tx:
        done = replay(
            tx,
            lambda content, commit: load_policy_files(content.name, content.files, commit),
            limit or _EVERYTHING,
        )
    if as_json:
        print_json({"ok": not done.differing, **asdict(done)})
    elif not done.differing:
        out.print(f"{_counted(done.decisions, done.policies)}: all came out the same.")
    else:
        out.print(
            f"{_counted(done.decisions, done.policies)}: {len(done.differing)} came out otherwise."
        )
        for one in done.differing:
            line = f"{one.at}  {one.request}  policy {one.policy[:20]}: {one.what}"
            out.print(line, markup=False)
    if done.differing:
        raise typer.Exit(NO)


def _counted(decisions: int, policies: int) -> str:
    one = "decision was" if decisions == 1 else "decisions were"
    versions = "version" if policies == 1 else "versions"
    return f"{decisions} {one} made again under {policies} {versions} of the policy"
