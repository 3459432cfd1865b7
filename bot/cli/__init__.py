"""The commands. Exit codes: 0 ok, 1 the answer is no, 2 wrong use, 3 broken outside."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.audit import audit_app
from bot.cli.policy import policy_app
from bot.cli.shell import BROKEN, NO, WRONG_USE, AsJson, err, out, print_json, print_rows, reading
from bot.domain.errors import (
    ConnectorError,
    PolicyError,
    RequestRejected,
    SettingsError,
    UsherError,
)

app = typer.Typer(
    name="usher",
    help="Access asked for in Slack or on an issue, decided by policy in Git, handed over safely.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
requests_app = typer.Typer(help="Look at requests and act on them.", no_args_is_help=True)
grants_app = typer.Typer(help="Look at access held, and take it away.", no_args_is_help=True)
app.add_typer(policy_app, name="policy")
app.add_typer(requests_app, name="requests")
app.add_typer(grants_app, name="grants")
app.add_typer(audit_app, name="audit")


def main() -> None:
    """Run the command line; every expected error ends in a sentence and its exit code."""
    try:
        app()
    except (SettingsError, PolicyError) as error:
        _complain(error)
        sys.exit(WRONG_USE if isinstance(error, SettingsError) else NO)
    except RequestRejected as no:
        err.print(no.sentence(), markup=False)
        sys.exit(NO)
    except UsherError as error:
        service = error.service if isinstance(error, ConnectorError) else "usher"
        err.print(f"{service}: {error.detail}", markup=False)
        sys.exit(BROKEN)


def _complain(error: SettingsError | PolicyError) -> None:
    err.print(error.detail, markup=False)
    lines = error.problems if isinstance(error, SettingsError) else error.faults
    for line in lines:
        err.print(f"  {line}", markup=False)


# ---- serving ------------------------------------------------------------------------------------


@app.command()
def serve() -> None:
    """Run everything: a process for the doorways and one for the work (the way on SQLite)."""
    from bot.serving import serve as run

    run(takes_requests=True, does_work=True)


@app.command()
def web() -> None:
    """Take requests in; the work is done by `usher worker` processes (PostgreSQL)."""
    from bot.serving import serve as run

    run(takes_requests=True, does_work=False)


@app.command()
def worker() -> None:
    """Do the work that `usher web` processes took in (PostgreSQL)."""
    from bot.serving import serve as run

    run(takes_requests=False, does_work=True)


@app.command()
def migrate() -> None:
    """Create or update the database (the release phase; `serve` does it by itself)."""
    from bot.settings import load_local_settings
    from bot.tables import migrate_database

    migrate_database(load_local_settings().database_url.reveal())
    out.print("The database is up to date.")


@app.command()
def sandbox(
    with_bot: Annotated[bool, typer.Option(help="Start the bot too, on SQLite.")] = False,
    tour: Annotated[bool, typer.Option(help="Play the whole story, print it, and end.")] = False,
    folder: Annotated[Path, typer.Option(help="Where keys and the database go.")] = Path(
        "var/sandbox"
    ),
) -> None:
    """Run Slack, GitHub, Salesforce and 1Password on this machine, with an example company."""
    if tour:
        from bot.tour import play

        raise typer.Exit(play(out))
    from bot.playground import run_sandbox

    run_sandbox(folder, out, with_bot=with_bot)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Check every setting, credential and right, each with a one-line fix."""
    from bot.doctor import examine

    findings = examine()
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            mark = "[green]ok[/]  " if finding.is_fine else "[red]fix[/] "
            out.print(mark, end="")
            out.print(f"{finding.part}: {finding.text}", markup=False)
    wrong = {finding.part for finding in findings if not finding.is_fine}
    if wrong:
        raise typer.Exit(WRONG_USE if wrong == {"settings"} else BROKEN)


@app.command()
def reconcile(
    system: Annotated[str, typer.Option(help="Which system to read.")] = "salesforce",
    plan: Annotated[
        bool, typer.Option("--plan", help="Only tell; nothing can be written.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare a system with the grants and mend what may be mended; 1 means that it differs."""
    from bot.cli.reconcile import as_document, as_text, look, mend

    if plan:
        done = look(system)
    else:
        with _usher() as usher:
            done = mend(usher.context, system, actor=_me())
    if as_json:
        print_json(as_document(done))
    else:
        out.print(as_text(done), markup=False)
    if not done.is_readable:
        raise typer.Exit(BROKEN)
    if done.drift.findings:
        raise typer.Exit(NO)


# ---- requests -----------------------------------------------------------------------------------


@requests_app.command("list")
def requests_list(
    state: Annotated[str | None, typer.Option(help="Only this state, e.g. needs_it.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List requests, newest first."""
    from bot.domain.request import RequestState

    states = [_choice(RequestState, state)] if state else list(RequestState)
    with reading() as tx:
        found = tx.requests.select(states, limit)
    rows = [
        {
            "id": r.id,
            "state": str(r.state),
            "level": r.level_id,
            "person": r.person_id,
            "issue": r.issue_number,
            "since": f"{r.changed_at:%Y-%m-%d %H:%M}",
            "note": r.note,
        }
        for r in found
    ]
    print_rows(rows, as_json=as_json, nothing="No requests.")


@requests_app.command("show")
def requests_show(request_id: str, as_json: AsJson = False) -> None:
    """Show one request with everything that happened to it."""
    from bot.domain.explain import numbered

    with reading() as tx:
        request = tx.requests.get(request_id)
        entries = tx.audit.of_subject(request_id)
    if request is None:
        err.print(f"There is no request {request_id}. See: usher requests list", markup=False)
        raise typer.Exit(NO)
    if as_json:
        story = {"request": asdict(request), "audit": [asdict(entry) for entry in entries]}
        print_json(story)
        return
    out.print(
        f"{request.id}  {request.state}  {request.level_id} for {request.person_id}", markup=False
    )
    if request.decision:
        d = request.decision
        out.print(_by_which_rule(d), markup=False)
        for check in d.checks:
            place = f" ({check.where})" if check.where else ""
            word = "yes" if check.held else "no "
            out.print(f"  {word}  {check.rule}{place}: {check.fact}", markup=False)
        for reason in d.reasons:
            out.print(f"  refused: {reason.sentence()}", markup=False)
    if request.ways_out:
        out.print(numbered(request.ways_out), markup=False)
    for entry in entries:
        # what a decision rests on is for `usher audit replay`, and as JSON
        told = {key: value for key, value in entry.facts.items() if value and key != "basis"}
        facts = ", ".join(f"{key}: {value}" for key, value in told.items())
        out.print(
            f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.tag}  {entry.actor}  {facts}", markup=False
        )


@requests_app.command("cancel")
def requests_cancel(request_id: str) -> None:
    """Cancel a request; what was set up half-way is taken away."""
    from bot.operating import cancel_request

    with _usher() as usher:
        out.print(cancel_request(usher.context, request_id, actor=_me()), markup=False)


@requests_app.command("retry")
def requests_retry(request_id: str) -> None:
    """Try again what got stuck: setting up, or taking away."""
    from bot.operating import retry

    with _usher() as usher:
        out.print(retry(usher.context, request_id, actor=_me()), markup=False)


# ---- grants -------------------------------------------------------------------------------------


@grants_app.command("list")
def grants_list(
    person: Annotated[str | None, typer.Option(help="Only this person's (id).")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List the access people hold."""
    from bot.domain.grant import GrantState

    held = [state for state in GrantState if state is not GrantState.ENDED]
    with reading() as tx:
        found = tx.grants.of_person(person) if person else tx.grants.select(held, limit)
    rows = [
        {
            "id": g.id,
            "state": str(g.state),
            "person": g.person_id,
            "level": g.level_id,
            "until": f"{g.until:%Y-%m-%d %H:%M} UTC" if g.until else "permanent",
            "basis": str(g.basis),
            "account": g.username,
        }
        for g in found[:limit]
    ]
    print_rows(rows, as_json=as_json, nothing="Nobody holds access through Usher.")


@grants_app.command("show")
def grants_show(grant_id: str, as_json: AsJson = False) -> None:
    """Show the access that somebody holds, and by which decision of policy."""
    from bot.domain.review import given

    with reading() as tx:
        grant = tx.grants.get(grant_id)
        request = tx.requests.get(grant.request_id) if grant else None
    if grant is None:
        err.print(f"There is no grant {grant_id}. See: usher grants list", markup=False)
        raise typer.Exit(NO)
    decision, answers = (request.decision, given(request)) if request else (None, [])
    if as_json:
        found = {
            "grant": asdict(grant),
            "request": grant.request_id,
            "decision": asdict(decision) if decision else None,
            "approvals": [asdict(answer) for answer in answers],
        }
        print_json(found)
        return
    until = f"{grant.until:%Y-%m-%d %H:%M} UTC" if grant.until else "permanent"
    out.print(f"{grant.id}  {grant.state}  {grant.level_id} for {grant.person_id}", markup=False)
    out.print(f"since {grant.since:%Y-%m-%d %H:%M} UTC, until: {until}", markup=False)
    if decision:
        out.print(_by_which_rule(decision), markup=False)
    for answer in answers:
        out.print(f"  yes from {answer.person_id} ({answer.surface})", markup=False)
    out.print(f"How it came about: usher requests show {grant.request_id}", markup=False)


@grants_app.command("revoke")
def grants_revoke(grant_id: str) -> None:
    """Take access away now."""
    from bot.operating import revoke_grant

    with _usher() as usher:
        out.print(revoke_grant(usher.context, grant_id, actor=_me()), markup=False)


# ---- shared -------------------------------------------------------------------------------------


@contextmanager
def _usher() -> Iterator[Any]:
    from bot.app import Usher
    from bot.logs import configure_logs
    from bot.settings import load_settings
    from bot.tables import require_tables

    settings = load_settings()
    configure_logs(settings.log_level, json=False, stream=sys.stderr)
    require_tables(settings.database_url.reveal())
    usher = Usher(settings)
    try:
        usher.context.people.refresh()
        usher.policies.refresh()
        yield usher
    finally:
        usher.stop(0)


def _by_which_rule(decision: Any) -> str:
    return f"rule: {decision.rule} ({decision.where}), policy {decision.policy_commit}"


def _me() -> str:
    return f"cli:{getpass.getuser()}"


def _choice(vocabulary: Any, word: str) -> Any:
    try:
        return vocabulary(word)
    except ValueError as exc:
        raise typer.BadParameter(f"one of: {', '.join(vocabulary)}") from exc
