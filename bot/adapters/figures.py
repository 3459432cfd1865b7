"""Figures for Prometheus, counted in the database at the moment they are asked for."""

from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.adapters.store import tables


class LedgerFigures(Collector):
    """Counts requests and grants by state, and messages that wait to be handled."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        """Count now; one grouped query for each kind of row."""
        with self._engine.execution_options(usher_reads=True).begin() as connection:
            yield self._states(connection, "usher_requests", "Requests by state", tables.requests)
            yield self._states(connection, "usher_grants", "Grants by state", tables.grants)
            waiting = GaugeMetricFamily("usher_inbox_waiting", "Messages not yet answered")
            query = sa.select(sa.func.count()).where(tables.inbox.c.answered_at.is_(None))
            waiting.add_metric([], connection.execute(query).scalar_one())
            yield waiting
            untold = GaugeMetricFamily(
                "usher_requests_untold", "Requests whose latest change people have not seen"
            )
            table = tables.requests
            behind = sa.select(sa.func.count()).where(table.c.told_revision < table.c.revision)
            untold.add_metric([], connection.execute(behind).scalar_one())
            yield untold

    @staticmethod
    def _states(connection: sa.Connection, name: str, text: str, table: sa.Table) -> Metric:
        family = GaugeMetricFamily(name, text, labels=["state"])
        query = sa.select(table.c.state, sa.func.count()).group_by(table.c.state)
        for state, count in connection.execute(query):
            family.add_metric([state], count)
        return family
