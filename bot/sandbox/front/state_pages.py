"""What no person does: the Salesforce org, and the wire between the bot and its services."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from bot.sandbox.faults import Fault, FaultKind
from bot.sandbox.front.company import Company

LATEST = 100
FAULTS = {
    FaultKind.STATUS: "answer with an error status",
    FaultKind.HTML: "answer with a proxy's HTML page",
    FaultKind.DELAY: "answer late",
    FaultKind.DROP_BEFORE: "hang up before it happens",
    FaultKind.DROP_AFTER: "let it happen, then hang up",
    FaultKind.EMPTY: "let it happen, then answer with nothing",
    FaultKind.TRUNCATED: "let it happen, then answer with half",
    FaultKind.CUT: "let it happen, then hang up halfway through the answer",
    FaultKind.REVOKE: "end the caller's session first",
}
_HIGHEST = 1000
_LONGEST_S = 60.0


class StatePages:
    """The org and the wire."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._services = {one.name: one for one in company.world.emulators}

    def blueprint(self) -> Blueprint:
        pages = Blueprint("state", __name__)
        pages.add_url_rule("/org", "org", self.org)
        pages.add_url_rule("/wire", "wire", self.wire)
        pages.add_url_rule("/wire/faults", "add_fault", self.add_fault, methods=["POST"])
        pages.add_url_rule("/wire/clear", "clear_faults", self.clear_faults, methods=["POST"])
        return pages

    def org(self) -> str:
        org = self._company.world.salesforce.org
        names = {one.mail: one.name for one in self._company.people}
        return render_template(
            "org.html", users=org.users(), pools=org.pools(), names=names, can_refresh=True
        )

    def wire(self) -> str:
        """Show the last calls of each service without their bodies, which may hold a password."""
        exchanges = {
            name: service.exchanges[-LATEST:][::-1] for name, service in self._services.items()
        }
        return render_template(
            "wire.html", exchanges=exchanges, faults=FAULTS, latest=LATEST, can_refresh=True
        )

    def add_fault(self) -> Response:
        try:
            name, fault = _read_fault(set(self._services))
        except ValueError as mistake:
            flash(str(mistake), "bad")
        else:
            self._services[name].faults.add(fault)
            calls = (
                f"call {fault.nth}" if fault.times == 1 else f"{fault.times} calls from {fault.nth}"
            )
            flash(f"{name}: {calls} of «{fault.route}» will {FAULTS[fault.kind]}.", "good")
        return redirect(url_for("state.wire"))

    def clear_faults(self) -> Response:
        for service in self._services.values():
            service.faults.clear()
        flash("No faults are waiting any more.", "good")
        return redirect(url_for("state.wire"))


def _read_fault(services: set[str]) -> tuple[str, Fault]:
    sent = request.form
    name, route = sent.get("service", ""), sent.get("route", "").strip()
    if name not in services:
        raise ValueError("Choose a service.")
    if not route:
        raise ValueError("Say which calls, for example POST /api/chat.*")
    return name, Fault(
        route=route,
        kind=FaultKind(sent.get("kind", "")),
        nth=_whole("nth", 1, most=_HIGHEST),
        times=_whole("times", 1, most=_HIGHEST),
        status=_whole("status", 503, least=400, most=599),
        seconds=_seconds(),
    )


def _whole(name: str, default: int, *, least: int = 1, most: int) -> int:
    text = request.form.get(name, "").strip() or str(default)
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise ValueError(f"The field «{name}» takes a whole number from {least} to {most}.")
    return int(text)


def _seconds() -> float:
    text = request.form.get("seconds", "").strip() or "0"
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _LONGEST_S:
        raise ValueError(f"A delay lasts 0 to {_LONGEST_S:.0f} seconds.")
    return seconds
