"""What alerts say: the windows, the numbers of now, and where to read on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from slo import conventions
from slo.conventions import ID, identity
from slo.promql import duration
from slo.report import percent

if TYPE_CHECKING:
    from slo.model import BurnWindow, Slo

HOUR = timedelta(hours=1)


class Links(Protocol):
    """Leads from an alert to where its reader goes on."""

    def of(self, alert: str, slo: Slo) -> dict[str, str]:
        """Return the annotations that link there."""


@dataclass(frozen=True, slots=True)
class PageLinks:
    """Addresses of the pages about an alert; empty ones are left out.

    `{alert}`, `{slo}` and `{sloth_id}` in them are replaced; without any, a runbook's address ends
    in the name of the alert and a dashboard's in that of the SLO's series.
    """

    runbooks: str = ""
    dashboards: str = ""

    def of(self, alert: str, slo: Slo) -> dict[str, str]:
        """Return the annotations that link to both."""
        names = {"{alert}": alert, "{slo}": slo.id, "{sloth_id}": identity(slo)[ID]}
        found = {
            "runbook_url": _address(self.runbooks, names, "{alert}"),
            "dashboard_url": _address(self.dashboards, names, "{sloth_id}"),
        }
        return {name: address for name, address in found.items() if address}


NO_LINKS = PageLinks()


def _address(template: str, names: dict[str, str], ending: str) -> str:
    if template and not any(name in template for name in names):
        template = f"{template.rstrip('/')}/{ending}"
    for name, value in names.items():
        template = template.replace(name, value)
    return template


def describe_burn(slo: Slo, pair: BurnWindow) -> str:
    """Say how much was bad in both windows, what is left of the budget, and for how long."""
    return (
        f"{{{{ $value | humanizePercentage }}}} of the events of the last {duration(pair.long)} "
        f"were bad{_of_group(slo)}, and more than "
        f"{percent(pair.factor(slo.length) * slo.budget)} also of the last "
        f"{duration(pair.short)} with events. The objective is {percent(slo.objective)} in "
        f"{slo.length.days} days. {_what_is_left(slo)}"
    )


def _of_group(slo: Slo) -> str:
    return "".join(f", {label} {{{{ $labels.{label} }}}}" for label in slo.group_by)


def _what_is_left(slo: Slo) -> str:
    left = _select(slo, conventions.BUDGET_REMAINING)
    burn = _select(slo, conventions.CURRENT_BURN_RATE)
    keys = ", ".join((*identity(slo), *slo.group_by))
    lasts = f"{left} * {slo.length / HOUR:g} / on ({keys}) ({burn} > 0) > 0"
    share = "{{ . | first | value | humanizePercentage }}"
    hours = '{{ . | first | value | printf "%.1f" }}'
    return (
        f"{_with(slo, f'{left} > 0')}{share} of the budget are left{_with(slo, lasts)}, "
        f"for {hours} hours at the rate of the last 5m{{{{ end }}}}.{{{{ end }}}}"
        f"{_with(slo, f'{left} <= 0')}The budget is spent.{{{{ end }}}}"
    )


def _select(slo: Slo, series: str) -> str:
    """Select a recorded series of the alert's own group, for `_with`."""
    own = "".join(f",{label}=%q" for label in slo.group_by)
    pairs = ",".join(f"{name}='{value}'" for name, value in identity(slo).items())
    return f"{series}{{{pairs}{own}}}"


def _with(slo: Slo, query: str) -> str:
    if not slo.group_by:
        return f'{{{{ with query "{query}" }}}}'
    values = "".join(f" $labels.{label}" for label in slo.group_by) * query.count("slo:")
    return f'{{{{ with printf "{query}"{values} | query }}}}'
