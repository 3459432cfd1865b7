"""Figures for Prometheus, counted in the database at the moment they are asked for."""

import time
from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.adapters.store import tables

HEARD_OF_S = 30


class LedgerFigures(Collector):
    """Counts requests and grants by state, what waits to be handled or told, and workers."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        """Count now; one grouped query for each kind of row."""
        with self._engine.execution_options(usher_reads=True).begin() as connection:
            yield self._states(connection, "usher_requests", "Requests by state", tables.requests)
            yield self._states(connection, "usher_grants", "Grants by state", tables.grants)
            yield self._count(
                connection,
                "usher_inbox_waiting",
                "Messages not yet answered",
                tables.inbox.c.answered_at.is_(None),
            )
            yield self._count(
                connection,
                "usher_requests_untold",
                "Requests whose latest change people have not seen",
                tables.requests.c.told_revision < tables.requests.c.revision,
            )
            yield self._count(
                connection,
                "usher_workers",
                f"Workers heard of within {HEARD_OF_S} seconds",
                tables.workers.c.beat_at >= time.time() - HEARD_OF_S,
            )

    @staticmethod
    def _count(
        connection: sa.Connection, name: str, text: str, which: sa.ColumnElement[bool]
    ) -> Metric:
        family = GaugeMetricFamily(name, text)
        query = sa.select(sa.func.count()).where(which)
        family.add_metric([], connection.execute(query).scalar_one())
        return family

    @staticmethod
    def _states(connection: sa.Connection, name: str, text: str, table: sa.Table) -> Metric:
        family = GaugeMetricFamily(name, text, labels=["state"])
        query = sa.select(table.c.state, sa.func.count()).group_by(table.c.state)
        for state, count in connection.execute(query):
            family.add_metric([state], count)
        return family
