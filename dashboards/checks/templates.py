"""What Grafana's linter asks of the variables `job` and `instance`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.checks.loaded import PROMETHEUS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Loaded

EVERYTHING = ".+"
SOURCES = ("$datasource", "${datasource}", "$prometheus_datasource", "${prometheus_datasource}")


def wrong_variables(loaded: Loaded, check: str, name: str) -> Iterator[Problem]:
    """Yield what is wrong with the variable of this name, board by board."""
    for board in loaded.boards:
        if not any(each.get("query") == PROMETHEUS for _, each in board.variables_of("datasource")):
            continue  # another rule asks for it
        found = [pair for pair in board.variables if pair[1].get("name") == name]
        if not found:
            message = f"no variable {name!r}: let the reader choose"
            yield board.problem(check, message, "$.templating.list")
        for at, variable in found:
            for key, message in _wrong(variable, name):
                yield board.problem(check, f"variable {name!r}: {message}", f"{at}.{key}")


def _wrong(variable: dict[str, object], name: str) -> Iterator[tuple[str, str]]:
    source = variable.get("datasource")
    uid = source.get("uid") if isinstance(source, dict) else source
    if uid not in SOURCES:
        yield "datasource", f"asks {uid!r}: ask the data source that the reader chose"
    if variable.get("type") != "query":
        yield "type", f"is a {variable.get('type')}: it should be a query"
    if variable.get("label") != name.capitalize():
        yield "label", f"is labelled {variable.get('label')!r}: {name.capitalize()}"
    if variable.get("multi") is not True:
        yield "multi", "takes one value only: let the reader choose several"
    if variable.get("allValue") != EVERYTHING:
        yield "allValue", f"All stands for {variable.get('allValue')!r}: {EVERYTHING}"
