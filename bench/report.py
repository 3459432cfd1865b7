"""How a benchmark tells what it measured: a table for people, figures for scripts."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class Line:
    """One measured thing: what Usher needs, what the peer needs, and what was promised."""

    what: str
    usher: str
    peer: str
    ratio: float
    target: str
    is_met: bool


def show(title: str, peer: str, lines: Sequence[Line]) -> None:
    """Print the table of one benchmark."""
    table = Table(
        title=title, title_justify="left", caption=f"Peer: {peer}", caption_justify="left"
    )
    for name in ("", "Usher", "Peer", "Ratio", "Target", ""):
        table.add_column(name)
    for line in lines:
        verdict = "[green]met[/]" if line.is_met else "[red]missed[/]"
        verdict = verdict if line.target else ""
        table.add_row(line.what, line.usher, line.peer, f"{line.ratio:.2f}", line.target, verdict)
    Console().print(table)
