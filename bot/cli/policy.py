"""The commands about policy: everything that can be asked of the files without a bot running."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.shell import NO, out, print_json
from bot.domain.errors import PolicyError

policy_app = typer.Typer(help="Check the policy files.", no_args_is_help=True)


@policy_app.command("check")
def policy_check(
    directory: Annotated[Path | None, typer.Argument(help="Default: POLICY_DIR.")] = None,
    form: Annotated[str, typer.Option("--format", help="text, json or github.")] = "text",
) -> None:
    """Read the policy files strictly and list everything that is wrong."""
    from bot.adapters.policy_files.loader import load_policy
    from bot.settings import load_local_settings

    if form not in ("text", "json", "github"):
        raise typer.BadParameter("--format is text, json or github")
    where = directory or load_local_settings().policy_dir
    try:
        policy = load_policy(where)
    except PolicyError as wrong:
        _print_faults(wrong, form)
        raise typer.Exit(NO) from wrong
    if form == "json":
        print_json({"ok": True, "commit": policy.commit, "levels": len(policy.levels)})
    elif form == "text":
        out.print(
            f"{where}: fine. {len(policy.systems)} systems, {len(policy.levels)} levels, "
            f"{len(policy.roles)} roles (policy {policy.commit})."
        )


def _print_faults(wrong: PolicyError, form: str) -> None:
    from bot.adapters.policy_files.report import FaultFormat, format_faults

    if form == "json":
        print_json({"ok": False, "faults": list(wrong.faults)})
    else:
        print(format_faults(wrong.faults, FaultFormat(form)))  # noqa: T201  # a script reads it, unstyled
