from __future__ import annotations

import pytest

from alerts.signal import Unit
from dashboards.charts import chart, process_cpu, process_files, process_memory
from dashboards.model import Query

UP = Query("up", "{{job}}")


def test_a_share_lies_between_nothing_and_all_and_other_values_have_no_end() -> None:
    share = chart("a:share", "Share", "How much of it.", Unit.SHARE, UP)
    assert (share.low, share.high) == (0.0, 1.0)
    number = chart("a:number", "Number", "How many.", Unit.COUNT, UP)
    assert (number.low, number.high) == (0.0, None)


@pytest.mark.parametrize("exemplars", [True, False])
def test_points_of_single_requests_lead_to_logs_and_traces(exemplars: bool) -> None:
    query = Query("up", "p99", exemplars=exemplars)
    panel = chart("a:time", "Time", "How long.", Unit.SECONDS, query)
    assert [link.title for link in panel.links] == (
        ["Logs of this time", "Traces of this time"] if exemplars else []
    )


def test_processes_are_told_apart_by_job_and_instance_on_every_board() -> None:
    panels = [
        process_cpu("a:cpu"),
        process_memory("a:memory"),
        process_files("a:files"),
    ]
    assert [panel.title for panel in panels] == ["Process CPU", "Process memory", "Open files"]
    for panel in panels:
        (query,) = panel.queries
        assert query.legend == "{{job}} {{instance}}"
        assert "by (job, instance)" in query.expr
        assert 'job=~"petswipe-api|petswipe-dispatcher"' in query.expr


def test_memory_that_is_stacked_says_so() -> None:
    assert not process_memory("a:one").stacked
    piled = process_memory("a:other", stacked=True)
    assert piled.stacked
    assert "one on top of the other" in piled.description
