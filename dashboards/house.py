"""Boards as Grafana's JSON: built with grafanalib, then brought to today's shapes.

The only module that knows grafanalib, whose own output is that of Grafana 6 in part.
"""

from __future__ import annotations

import json
from operator import methodcaller
from typing import TYPE_CHECKING

from grafanalib import core

from alerts.components.api import ASKED_BY_PEOPLE
from alerts.signal import panel_id
from app.telemetry.catalog import BUILD_INFO, HTTP_DURATION
from dashboards.fields import field_config, ref_of, transformations
from dashboards.links import logs, traces
from dashboards.model import COLUMNS, Kind, Source
from dashboards.options import options
from dashboards.queries import JOB, LEAST_STEP, STEP_MS, pick
from dashboards.shapes import normalise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashboards.model import Board, Panel, Query, Row

TAG = "petswipe"
REFRESH = "15s"
SINCE = "now-3h"
# Every point of every line at the cursor, and the cursor in every panel.
SHARED_CROSSHAIR = 1
ON_TIME_CHANGE = 2
ONLY_SOURCE = ("datasource", "Data source")
# Of a dashboard that asks more than one.
SOURCES = {
    Source.PROMETHEUS: ("prometheus_datasource", "Prometheus data source"),
    Source.LOKI: ("loki_datasource", "Loki data source"),
}
EVERYTHING = ".+"
# What a reader may choose, and the label that it stands for.
LABELS = {"job": "job", "instance": "instance", "route": "http_route"}
CLASSES = {
    Kind.TIME_SERIES: core.TimeSeries,
    Kind.STAT: core.Stat,
    Kind.GAUGE: core.GaugePanel,
    Kind.BAR_GAUGE: core.BarGauge,
    Kind.HEATMAP: core.Heatmap,
    Kind.TABLE: core.Table,
    Kind.STATE_TIMELINE: core.StateTimeline,
    Kind.LOGS: core.Logs,
    Kind.TEXT: core.Text,
}
# Buckets are drawn from the label that bounds them.
LEGEND_OF_HEATMAP = "{{le}}"
FORMATS = {Kind.HEATMAP: "heatmap", Kind.TABLE: "table"}


class Sources:
    """The data sources of a board, each chosen by a variable."""

    def __init__(self, board: Board) -> None:
        """Find out which a board asks; Prometheus tells of deployments in any case."""
        self.asked = sorted(board.sources() | {Source.PROMETHEUS}, reverse=True)

    def variable(self, source: Source) -> core.Template:
        """Let the reader choose one."""
        name, label = self._named(source)
        return core.Template(name=name, label=label, query=source.value, type="datasource")

    def of(self, source: Source) -> dict[str, str]:
        """Return the reference to the one that the reader has chosen."""
        return {"type": source.value, "uid": f"${{{self._named(source)[0]}}}"}

    def _named(self, source: Source) -> tuple[str, str]:
        return ONLY_SOURCE if len(self.asked) == 1 else SOURCES[source]


def document(board: Board) -> dict[str, object]:
    """Return a board as Grafana reads it."""
    sources = Sources(board)
    dashboard = core.Dashboard(
        title=board.title,
        uid=board.uid.value,
        description=board.description,
        editable=False,
        tags=[TAG],
        timezone="browser",
        time=core.Time(SINCE, "now"),
        refresh=REFRESH,
        graphTooltip=SHARED_CROSSHAIR,
        links=_links(),
        templating=core.Templating(list=_variables(board, sources)),
        annotations=core.Annotations(list=[_deployments(sources)]),
        panels=list(_panels(board, sources)),
    )
    return normalise(_plain(dashboard))


def _links() -> list[core.DashboardLink]:
    # A job that is chosen on one board has nothing to show on another: the time goes along only.
    others = core.DashboardLink(title="Dashboards", tags=[TAG], asDropdown=True, keepTime=True)
    explore = [
        core.DashboardLink(
            title=link.title, uri=link.url, type="link", keepTime=False, targetBlank=True
        )
        for link in (logs(), traces())
    ]
    return [others, *explore]


def _variables(board: Board, sources: Sources) -> list[core.Template]:
    series = {
        "job": f'up{{job=~"{"|".join(board.jobs)}"}}',
        "instance": f"up{{{JOB}}}",
        "route": f"{HTTP_DURATION.name}_count{{{JOB},{ASKED_BY_PEOPLE}}}",
    }
    found = [sources.variable(source) for source in sources.asked]
    for name, label in LABELS.items():
        # A variable that changes nothing would mislead.
        if board.asks_for(f"${name}"):
            query = f"label_values({series[name]}, {label})"
            found.append(_variable(name, query, sources.of(Source.PROMETHEUS)))
    return found


def _variable(name: str, query: str, source: dict[str, str]) -> core.Template:
    return core.Template(
        name=name,
        label=name.capitalize(),
        query=query,
        dataSource=source,
        refresh=ON_TIME_CHANGE,
        multi=True,
        includeAll=True,
        allValue=EVERYTHING,
    )


def _deployments(sources: Sources) -> dict[str, object]:
    """Mark where a job runs a version that it did not run five minutes ago.

    A restart or another instance of the same version is no deployment, nor is the first scrape
    after a time in which the job ran nothing.
    """
    by = "job, version, revision"
    build = pick(BUILD_INFO)
    now, before = f"group by ({by}) ({build})", f"group by ({by}) ({build} offset 5m)"
    ran = f"group by (job) ({build} offset 5m)"
    return {
        "name": "Deployments",
        "datasource": sources.of(Source.PROMETHEUS),
        "enable": True,
        "hide": False,
        "iconColor": "purple",
        "target": {
            "editorMode": "code",
            "expr": f"{now} unless on ({by}) {before} and on (job) {ran}",
            # A coarser step could jump over the five minutes.
            "interval": "60s",
            "range": True,
            "refId": "Anno",
        },
        "titleFormat": "{{job}} {{version}}",
        "textFormat": "{{revision}}",
        "tagKeys": "job,version",
    }


def _panels(board: Board, sources: Sources) -> Iterator[object]:
    top = 0
    for row in board.rows:
        if row.title:
            yield _row(board, row, top)
            top += 1
        for line in row.lines():
            left = 0
            for panel in line:
                place = core.GridPos(h=panel.height, w=panel.width, x=left, y=top)
                yield _panel(panel, place, sources)
                left += panel.width
            top += line[0].height


def _row(board: Board, row: Row, top: int) -> core.RowPanel:
    number = panel_id(f"{board.uid}:row:{row.title}")
    return core.RowPanel(
        title=row.title, id=number, gridPos=core.GridPos(h=1, w=COLUMNS, x=0, y=top)
    )


def _panel(panel: Panel, place: core.GridPos, sources: Sources) -> dict[str, object]:
    common = {
        "title": panel.title,
        "description": panel.description,
        "gridPos": place,
        "id": panel.id,
        "links": [core.DataLink(link.title, link.url, isNewTab=True) for link in panel.links],
    }
    # Of fields and options grafanalib writes those of older panels; ours take their place.
    modern: dict[str, object] = {"options": options(panel)}
    if panel.kind is Kind.ALERT_LIST:
        return _plain(core.AlertList(**common)) | modern
    if panel.kind is Kind.TEXT:
        return _plain(core.Text(**common)) | modern | {"fieldConfig": field_config(panel)}
    found = CLASSES[panel.kind](
        **common,
        dataSource=sources.of(panel.queries[0].source),
        targets=[
            _target(panel.kind, ref_of(number), query, sources.of(query.source))
            for number, query in enumerate(panel.queries)
        ],
        transformations=transformations(panel),
        interval=LEAST_STEP if any(STEP_MS in query.expr for query in panel.queries) else None,
    )
    return _plain(found) | modern | {"fieldConfig": field_config(panel)}


def _target(kind: Kind, ref: str, query: Query, source: dict[str, str]) -> dict[str, object]:
    target = core.Target(
        expr=query.expr,
        legendFormat=LEGEND_OF_HEATMAP if kind is Kind.HEATMAP else query.legend,
        refId=ref,
        format=FORMATS.get(kind, "time_series"),
        instant=query.instant,
        datasource=source,
    )
    found = _plain(target) | {"range": not query.instant, "editorMode": "code"}
    if query.source is Source.LOKI:
        return found | {"queryType": "range", "direction": "backward"}
    return found | {"exemplar": query.exemplars}


def _plain(thing: object) -> dict[str, object]:
    """Return what grafanalib makes of one of its objects."""
    found: dict[str, object] = json.loads(json.dumps(thing, default=methodcaller("to_json_data")))
    return found
