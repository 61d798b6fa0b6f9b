"""Metrics as statistics of a minute, in SQLite, kept for 15 days.

AWS keeps minutes for 15 days and coarser periods for longer:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention. Percentiles
would need every value and are refused where they are asked for.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.aws.database import open_database

KEPT_SECONDS = 15 * 24 * 3600
MINUTE = 60
STATISTICS = ("SampleCount", "Sum", "Minimum", "Maximum", "Average")

_SCHEMA = """CREATE TABLE IF NOT EXISTS points (
    region TEXT, namespace TEXT, name TEXT, dimensions TEXT, minute INTEGER, unit TEXT NOT NULL,
    count REAL NOT NULL, sum REAL NOT NULL, min REAL NOT NULL, max REAL NOT NULL,
    PRIMARY KEY (region, namespace, name, dimensions, minute)) WITHOUT ROWID"""
_UPSERT = """INSERT INTO points VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET count = count + excluded.count, sum = sum + excluded.sum,
    min = MIN(min, excluded.min), max = MAX(max, excluded.max)"""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """Which metric: `dimensions` all count, in any order."""

    region: str
    namespace: str
    name: str
    dimensions: Mapping[str, str]

    @property
    def key(self) -> tuple[str, str, str, str]:
        """How the table knows it."""
        return self.region, self.namespace, self.name, json.dumps(dict(sorted(self.dimensions.items())))


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """What was put in a period that begins at `start`, in seconds since the epoch."""

    start: int
    count: float
    sum: float
    min: float
    max: float

    def value(self, statistic: str) -> float:
        """One of SampleCount, Sum, Minimum, Maximum, Average."""
        match statistic:
            case "SampleCount":
                return self.count
            case "Sum":
                return self.sum
            case "Minimum":
                return self.min
            case "Maximum":
                return self.max
            case _:
                return self.sum / self.count


class Metrics:
    """All metrics of one account; every method may be called from any thread."""

    def __init__(self, state: Path) -> None:
        """Open or create the file under `state`."""
        self._lock = threading.Lock()
        self._connection = open_database(state / "metrics.sqlite", _SCHEMA, is_synced=False)
        self._listeners: list[Callable[[Metric], None]] = []

    def listen(self, listener: Callable[[Metric], None]) -> None:
        """Tell `listener` of every metric that something was put in."""
        self._listeners.append(listener)

    def put(
        self, metric: Metric, value: float, *, unit: str = "Count", at: float | None = None, count: float = 1.0
    ) -> None:
        """Add `count` samples of one value; `at` is now unless given."""
        self.put_statistics(
            metric,
            Statistics(
                start=int(time.time() if at is None else at), count=count, sum=value * count, min=value, max=value
            ),
            unit=unit,
        )

    def gauge(self, metric: Metric, value: float, *, at: float) -> None:
        """Let the minute of `at` hold this one sample; nobody is told."""
        row = (*metric.key, int(at) // MINUTE * MINUTE, "Count", 1.0, value, value, value)
        with self._lock:
            self._connection.execute("INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def put_statistics(self, metric: Metric, given: Statistics, *, unit: str = "None") -> None:
        """Add samples that are known by their statistics only."""
        minute = given.start // MINUTE * MINUTE
        row = (*metric.key, minute, unit, given.count, given.sum, given.min, given.max)
        with self._lock:
            self._connection.execute(_UPSERT, row)
        for listener in self._listeners:
            listener(metric)

    def query(self, metric: Metric, start: float, end: float, period: int) -> list[Statistics]:
        """What each period that has samples holds, oldest first; periods begin at `start`."""
        query = (
            "SELECT (minute - ?) / ?, SUM(count), SUM(sum), MIN(min), MAX(max) FROM points WHERE region = ? AND "
            "namespace = ? AND name = ? AND dimensions = ? AND minute >= ? AND minute < ? GROUP BY 1 ORDER BY 1"
        )
        first = int(start) // MINUTE * MINUTE
        with self._lock:
            rows = self._connection.execute(query, (first, period, *metric.key, first, end)).fetchall()
        return [
            Statistics(start=first + index * period, count=count, sum=total, min=least, max=most)
            for index, count, total, least, most in rows
        ]

    def known(self, region: str) -> list[tuple[Metric, str]]:
        """Every metric of a region with its unit."""
        query = "SELECT DISTINCT namespace, name, dimensions, unit FROM points WHERE region = ? ORDER BY 1, 2, 3"
        with self._lock:
            rows = self._connection.execute(query, (region,)).fetchall()
        return [
            (Metric(region=region, namespace=namespace, name=name, dimensions=json.loads(dimensions)), unit)
            for namespace, name, dimensions, unit in rows
        ]

    def prune(self, now: float) -> None:
        """Forget what is older than 15 days."""
        with self._lock:
            self._connection.execute("DELETE FROM points WHERE minute < ?", (now - KEPT_SECONDS,))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
