"""dashboards/panel-datasource-rule: panels ask the data source that the reader chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Loaded

ID = "dashboards/panel-datasource-rule"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a panel or query with a data source of its own."""
    for board in loaded.boards:
        names = [str(each.get("name")) for _, each in board.variables_of("datasource")]
        chosen = {written for name in names for written in (f"${name}", f"${{{name}}}")}
        for panel in board.panels:
            if panel.targets and _uid(panel.document) not in chosen:
                said = _uid(panel.document)
                yield panel.problem(ID, _message(said, names), ".datasource")
            for target in panel.targets:
                if "datasource" in target.document and _uid(target.document) not in chosen:
                    yield target.problem(ID, _message(_uid(target.document), names))


def _uid(document: dict[str, object]) -> str:
    source = document.get("datasource")
    return str(source.get("uid", "") if isinstance(source, dict) else source or "")


def _message(said: str, names: list[str]) -> str:
    choices = " or ".join(f"${{{name}}}" for name in names) or "add a variable for it"
    return f"asks {said or 'the default data source'}: {choices}"
