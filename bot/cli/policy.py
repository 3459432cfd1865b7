"""The commands about policy: everything that can be asked of the files without a bot running."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.shell import NO, WRONG_USE, AsJson, err, print_json
from bot.domain.errors import NotFound, PolicyError

policy_app = typer.Typer(help="Check the policy files.", no_args_is_help=True)


@policy_app.command("check")
def policy_check(
    directory: Annotated[Path | None, typer.Argument(help="Default: POLICY_DIR.")] = None,
    form: Annotated[str, typer.Option("--format", help="text, json or github.")] = "text",
    roster: Annotated[bool, typer.Option("--roster", help="Hold it against PEOPLE_FILE.")] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Ask Salesforce for every name that it uses.")
    ] = False,
) -> None:
    """Read the policy files strictly and list everything that is wrong."""
    from bot.adapters.policy_files.report import FaultFormat
    from bot.cli.checking import check

    if form not in ("text", "json", "github"):
        raise typer.BadParameter("--format is text, json or github")
    if live:
        from bot.cli.org import org_of_settings

        with org_of_settings() as org:
            checked = check(directory, with_roster=roster, org=org)
    else:
        checked = check(directory, with_roster=roster)
    if form == "json":
        print_json(checked.as_document())
    elif told := checked.as_text(FaultFormat(form)):
        print(told)  # noqa: T201  # a script reads it, unstyled
    if checked.faults:
        raise typer.Exit(NO)


@policy_app.command("test")
def policy_test(
    directory: Annotated[Path | None, typer.Argument(help="Default: POLICY_DIR.")] = None,
    require_coverage: Annotated[
        bool, typer.Option(help="Fail if no case reaches a level or a rule.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Play the cases in tests/ and compare: what is missing fails, and so does what is too much."""
    from bot.adapters.policy_files.case_loader import load_cases
    from bot.cli.policy_testing import as_document, as_text, run_cases
    from bot.settings import load_local_settings

    try:
        policy, cases = load_cases(directory or load_local_settings().policy_dir)
    except PolicyError as wrong:
        _print_faults(wrong, "json" if as_json else "text")
        raise typer.Exit(NO) from wrong
    run = run_cases(policy, cases, is_coverage_required=require_coverage)
    if as_json:
        print_json(as_document(run))
    else:
        print(as_text(run))  # noqa: T201  # a script reads it, unstyled
    if not run.is_ok:
        raise typer.Exit(NO)


@policy_app.command("explain")
def policy_explain(
    person: Annotated[str, typer.Option(help="Roster id, work mail, or @ and a GitHub login.")],
    level: Annotated[str, typer.Option(help="For example salesforce/view-only.")],
    days: Annotated[int | None, typer.Option(min=1, max=9999, help="For so many days.")] = None,
    length: Annotated[
        str | None, typer.Option("--for", help="8h, 30d, 2bd or permanent. Default: the longest.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="2026-11-02T09:00, in the company's time zone. Default: now.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who asks, if somebody else does.")] = None,
    answer: Annotated[list[str] | None, typer.Option(help="question=answer; repeatable.")] = None,
    emergency: Annotated[bool, typer.Option("--emergency", help="Break the glass.")] = False,
    policy: Annotated[
        Path | None,
        typer.Option(help="Ask this folder's files. Default: what is in force, else POLICY_DIR."),
    ] = None,
    database: Annotated[
        bool, typer.Option(help="Look up the policy in force and what the person holds.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Say what policy answers to a request, why, who is asked, and what would have to be true."""
    from bot.cli.explaining import Words, as_document, as_text, explain_words

    words = Words(
        person=person,
        level=level,
        days=days,
        length=length,
        at=at,
        by=by,
        answers=tuple(answer or ()),
        is_emergency=emergency,
        policy=policy,
        uses_database=database,
    )
    told = explain_words(words)
    if as_json:
        print_json(as_document(told))
    else:
        print(as_text(told))  # noqa: T201  # aligned, so unstyled
    if told.explanation.decision.reasons:
        raise typer.Exit(NO)


@policy_app.command("plan")
def policy_plan(
    base: Annotated[str, typer.Argument(help="A Git revision, or a folder: what is in force.")],
    head: Annotated[str, typer.Argument(help="A Git revision, or a folder: what is proposed.")],
    as_json: AsJson = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print a comment for GitHub.")
    ] = False,
    names: Annotated[bool, typer.Option("--names", help="Name people, not only count.")] = False,
    database: Annotated[bool, typer.Option(help="Consider requests and what people hold.")] = True,
    fail_on_loosening: Annotated[
        bool, typer.Option("--fail-on-loosening", help="Exit with 1 if a rule is loosened.")
    ] = False,
) -> None:
    """Say what another version of the policy would do to people, requests, access and seats."""
    from bot.cli.planning import plan_versions
    from bot.domain.policy_plan_document import as_document
    from bot.domain.policy_plan_text import markdown, plain_text

    if as_json and as_markdown:
        raise typer.BadParameter("--json or --markdown, not both")
    try:
        plan = plan_versions(base, head, uses_database=database)
    except PolicyError as wrong:
        err.print(wrong.detail, markup=False)
        _print_faults(wrong, "json" if as_json else "text")
        raise typer.Exit(NO) from wrong
    except NotFound as unknown:
        err.print(unknown.detail, markup=False)
        raise typer.Exit(WRONG_USE) from unknown
    if as_json:
        print_json(as_document(plan, names=names))
    else:
        text = (markdown if as_markdown else plain_text)(plan, names=names)
        print(text)  # noqa: T201  # a script reads it, unstyled
    if fail_on_loosening and plan.loosens:
        raise typer.Exit(NO)


@policy_app.command("schema")
def policy_schema(
    kind: Annotated[
        str | None,
        typer.Argument(help="company, roles, system, separation or tests. Default: all."),
    ] = None,
    write: Annotated[
        Path | None, typer.Option(help="Write files into this folder instead of printing.")
    ] = None,
) -> None:
    """Print the JSON Schema by which editors check policy files while somebody writes."""
    from bot.adapters.policy_files.models import FILE_MODELS
    from bot.adapters.policy_files.schema import as_text, schema, write_schemas
    from bot.domain.spelling import did_you_mean

    if kind is not None and kind not in FILE_MODELS:
        kinds_known = ", ".join(FILE_MODELS)
        raise typer.BadParameter(f"one of: {kinds_known}{did_you_mean(kind, FILE_MODELS)}")
    kinds = (kind,) if kind else tuple(FILE_MODELS)
    if write is not None:
        try:
            written = write_schemas(write, kinds)
        except OSError as error:
            raise typer.BadParameter(f"{write} cannot be written: {error.strerror}") from error
        text = "".join(f"{path} written.\n" for path in written)
    else:
        text = as_text(schema(kind) if kind else {one: schema(one) for one in kinds})
    print(text, end="")  # noqa: T201  # a script reads it, unstyled


@policy_app.command("init")
def policy_init(
    directory: Annotated[Path | None, typer.Argument(help="Default: POLICY_DIR.")] = None,
    it: Annotated[
        str, typer.Option(help="GitHub logins of IT: two or more, with commas between.")
    ] = "",
    security: Annotated[str, typer.Option(help="GitHub logins of security, the same way.")] = "",
    as_json: AsJson = False,
) -> None:
    """Write a first policy from the roster and the Salesforce org as they are; changes nothing."""
    from bot.cli.starting import start, told_as_document, told_as_text

    first = start(directory, it=it.split(","), security=security.split(","))
    if as_json:
        print_json(told_as_document(first))
    else:
        print(told_as_text(first))  # noqa: T201  # names of accounts, unstyled


def _print_faults(wrong: PolicyError, form: str) -> None:
    from bot.adapters.policy_files.report import FaultFormat, fault_facts, format_faults

    if form == "json":
        print_json({"ok": False, "faults": [fault_facts(fault) for fault in wrong.faults]})
    else:
        print(format_faults(wrong.faults, FaultFormat(form)))  # noqa: T201  # a script reads it, unstyled
