# ruff: noqa: INP001 - a script, not part of a package
"""The Grafana dashboard in deploy/observe, made from the rows below.

python tools/dashboard.py           print it
python tools/dashboard.py --write   write the file
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

TARGET: Final = Path(__file__).parents[1] / "deploy" / "observe" / "grafana" / "dashboards" / "newsloom.json"

_SOURCE: Final = {"type": "prometheus", "uid": "newsloom-prometheus"}
_COLUMNS: Final = 24
_HEIGHT: Final = 8


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart; `queries` are PromQL with the legend of each, `unit` is one of Grafana's."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    kind: str = "timeseries"
    stacked: bool = False


def _quantiles(metric: str, by: str, *quantiles: float) -> tuple[tuple[str, str], ...]:
    rate = f"sum by ({by}, le) (rate({metric}_bucket[$__rate_interval]))"
    return tuple((f"histogram_quantile({q}, {rate})", f"{{{{{by}}}}} p{q * 100:g}") for q in quantiles)


def _ratio(of: str, to: str) -> str:
    return " / ".join(f"sum by (stage) (rate({metric}[$__rate_interval]))" for metric in (of, to))


ROWS: Final = {
    "At a glance": (
        Panel("Alerts", "short", (('sum by (alertname) (ALERTS{alertstate="firing"})', "{{alertname}}"),), kind="stat"),
        Panel("Articles a minute", "short", (
            ('60 * sum(rate(newsloom_records_total{stage="enrich",outcome="ok"}[$__rate_interval]))', "enriched"),
        ), kind="stat"),
        Panel("Oldest record that waits", "s", (("max(newsloom_lag_seconds)", "lag"),), kind="stat"),
        Panel("Dead letters in an hour", "short", (
            ('sum(increase(newsloom_records_total{outcome="dead"}[1h]))', "parked"),
        ), kind="stat"),
    ),
    "Stages": (
        Panel("Records a second", "cps", (
            ("sum by (stage, outcome) (rate(newsloom_records_total[$__rate_interval]))", "{{stage}} {{outcome}}"),
        )),
        Panel("Records that wait", "short", (
            ("sum by (stage) (newsloom_lag_records)", "{{stage}}"),
            ("sum by (stage) (newsloom_group_lag_records)", "{{stage}}, the broker says"),
        )),
        Panel("Lag in seconds", "s", (
            ("max by (stage) (newsloom_lag_seconds)", "{{stage}}"),
            ("max by (stage) (newsloom_group_lag_seconds)", "{{stage}}, the read model says"),
        )),
        Panel("From first seen to done", "s", _quantiles("newsloom_latency_seconds", "stage", 0.5, 0.99)),
        Panel("Processor time a record", "s", (
            (_ratio("newsloom_stage_cpu_seconds_total", "newsloom_records_total"), "{{stage}}"),
        )),
        Panel("A batch takes", "s", _quantiles("newsloom_batch_seconds", "stage", 0.5, 0.99)),
        Panel("Records in a batch", "short", (
            (_ratio("newsloom_batch_records_sum", "newsloom_batch_records_count"), "{{stage}}"),
        )),
        Panel("Fetched, not done", "short", (("sum by (stage) (newsloom_inbox_records)", "{{stage}}"),)),
    ),
    "What is not news": (
        Panel("Dropped, by reason", "cps", (
            (
                'sum by (stage, reason) (rate(newsloom_records_total{outcome="drop"}[$__rate_interval]))',
                "{{stage}} {{reason}}",
            ),
        ), stacked=True),
        Panel("Parked, by reason", "cps", (
            (
                'sum by (stage, reason) (rate(newsloom_records_total{outcome="dead"}[$__rate_interval]))',
                "{{stage}} {{reason}}",
            ),
        ), stacked=True),
        Panel("In the dead-letter topics", "short", (("newsloom_dead_letters", "{{stage}} {{reason}}"),), stacked=True),
        Panel("Removed by retention, unread", "short", (
            ("sum by (stage) (increase(newsloom_expired_records_total[1h]))", "{{stage}} in an hour"),
        )),
        Panel("Stages that stand still", "short", (("max by (stage) (newsloom_alarm)", "{{stage}}"),)),
    ),
    "Workers": (
        Panel("Partitions", "short", (("sum by (stage) (newsloom_partitions)", "{{stage}}"),), stacked=True),
        Panel("Rebalances, recoveries and restarts in five minutes", "short", (
            ("sum by (stage) (increase(newsloom_rebalances_total[5m]))", "{{stage}} rebalances"),
            ("sum by (stage) (increase(newsloom_recoveries_total[5m]))", "{{stage}} recoveries"),
            ("sum by (process) (increase(newsloom_restarts_total[5m]))", "{{process}} restarts"),
        )),
        Panel("Changelog records read", "cps", (
            ("sum by (stage) (rate(newsloom_recovered_records_total[$__rate_interval]))", "{{stage}}"),
            ("max by (stage) (newsloom_recovering)", "{{stage}} recovers"),
        )),
        Panel("Keys of tables", "short", (("sum by (table) (newsloom_table_keys)", "{{table}}"),)),
        Panel("Bytes of tables", "bytes", (("sum by (table) (newsloom_table_bytes)", "{{table}}"),)),
        Panel("Memory", "bytes", (("process_resident_memory_bytes", "{{instance}} {{process}}"),)),
        Panel("Processor", "percentunit", (
            ("rate(process_cpu_seconds_total[$__rate_interval])", "{{instance}} {{process}}"),
        )),
        Panel("Disk that is free", "percentunit", (
            ("newsloom_disk_free_bytes / newsloom_disk_size_bytes", "{{instance}} {{process}}"),
        )),
    ),
    "Feeds and drop folder": (
        Panel("Feeds", "short", (("sum by (standing) (newsloom_feeds)", "{{standing}}"),), stacked=True),
        Panel("Polls", "cps", (
            ("sum by (outcome) (rate(newsloom_feed_polls_total[$__rate_interval]))", "{{outcome}}"),
        ), stacked=True),
        Panel("Due, under way, next", "short", (
            ("newsloom_feeds_due", "due"),
            ("newsloom_feeds_running", "under way"),
            ("newsloom_feed_next_seconds", "seconds to the next"),
        )),
        Panel("Documents in", "cps", (
            ("sum(rate(newsloom_feed_documents_total[$__rate_interval]))", "feeds"),
            ("sum(rate(newsloom_drop_documents_total[$__rate_interval]))", "drop folder"),
            ('sum(rate(newsloom_documents_total{outcome="accepted"}[$__rate_interval]))', "API"),
        ), stacked=True),
        Panel("Files", "short", (
            ("sum by (state) (increase(newsloom_drop_files_total[5m]))", "{{state}}"),
            ("newsloom_drop_waiting_files", "being written"),
        )),
    ),
    "API": (
        Panel("Requests", "reqps", (
            ("sum by (status) (rate(newsloom_http_requests_total[$__rate_interval]))", "{{status}}"),
        ), stacked=True),
        Panel("Time to answer, by route", "s", _quantiles("newsloom_http_request_seconds", "route", 0.99)),
        Panel("Read model", "short", (
            ("newsloom_read_model_lag_records", "{{instance}} records it lacks"),
            ("newsloom_read_model_behind_seconds", "{{instance}} seconds behind"),
            ("newsloom_read_model_writes", "{{instance}} keeps it"),
            ("rate(newsloom_read_model_applied_records[$__rate_interval])", "{{instance}} applied a second"),
        )),
        Panel("What runs", "short", (("count by (role, version) (newsloom_info)", "{{role}} {{version}}"),)),
    ),
}  # fmt: skip


def dashboard() -> dict[str, Any]:
    """The whole dashboard, as Grafana stores it."""
    return {
        "uid": "newsloom",
        "title": "newsloom",
        "tags": ["newsloom"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "utc",
        "panels": list(_panels()),
    }


def _panels() -> Iterator[dict[str, Any]]:
    number = top = 0
    for title, row in ROWS.items():
        number += 1
        yield {"id": number, "type": "row", "title": title, "gridPos": _place(0, top, _COLUMNS, 1), "panels": []}
        top += 1
        width = _COLUMNS // 4
        for at, panel in enumerate(row):
            number += 1
            yield _panel(panel, number, _place(at % 4 * width, top + at // 4 * _HEIGHT, width, _HEIGHT))
        top += -(-len(row) // 4) * _HEIGHT


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    stacking = {"stacking": {"mode": "normal" if panel.stacked else "none"}, "fillOpacity": 30 if panel.stacked else 0}
    defaults = {"unit": panel.unit, "min": 0} | ({"custom": stacking} if panel.kind == "timeseries" else {})
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "gridPos": place,
        "datasource": _SOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + at), "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
            for at, (expression, legend) in enumerate(panel.queries)
        ],
    }


def text() -> str:
    """The file's content."""
    return json.dumps(dashboard(), indent=1) + "\n"


def main() -> int:
    """Print or write; the exit code."""
    parser = argparse.ArgumentParser(description="The Grafana dashboard in deploy/observe.")
    parser.add_argument("--write", action="store_true", help="write it")
    if parser.parse_args().write:
        TARGET.write_text(text(), encoding="utf-8")
    else:
        sys.stdout.write(text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
