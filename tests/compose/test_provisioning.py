"""What Grafana finds when it starts."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import yaml

from app.telemetry.log_writer import LogWriter
from app.telemetry.logs import Lines, Logs
from tests.compose.stack import ROOT, SERVICES, binds, environment
from tests.compose.test_targets import JOBS

# A setting of a block of Alloy's configuration.
RULE = re.compile(r'(\w+) += \[?"([^"]*)"')
PROVISIONING = ROOT / "dashboards" / "provisioning"
DASHBOARDS = ROOT / "dashboards" / "generated"
SOURCES: dict[str, dict[str, Any]] = {
    source["uid"]: source
    for source in yaml.safe_load((PROVISIONING / "datasources" / "datasources.yml").read_text())[
        "datasources"
    ]
}


def mounted(target: str) -> str:
    """Return what of this repository Grafana finds at a path."""
    for source, inside, _ in binds(SERVICES["grafana"]):
        if target == inside or target.startswith(f"{inside}/"):
            return source + target.removeprefix(inside)
    raise AssertionError(f"nothing is mounted at {target}")


def test_the_sources_are_those_that_dashboards_name() -> None:
    assert {uid: source["type"] for uid, source in SOURCES.items()} == {
        "prometheus": "prometheus",
        "loki": "loki",
        "jaeger": "jaeger",
    }
    assert [uid for uid, source in SOURCES.items() if source.get("isDefault")] == ["prometheus"]


def test_nobody_changes_anything_in_grafana() -> None:
    assert not any(source["editable"] for source in SOURCES.values())
    providers = yaml.safe_load((PROVISIONING / "dashboards" / "dashboards.yml").read_text())
    (provider,) = providers["providers"]
    assert (provider["allowUiUpdates"], provider["disableDeletion"]) == (False, True)
    assert (ROOT / mounted(provider["options"]["path"])).resolve() == DASHBOARDS
    assert environment(SERVICES["grafana"])["GF_AUTH_ANONYMOUS_ENABLED"].endswith(":-false}")


def test_the_first_page_is_a_dashboard() -> None:
    path = environment(SERVICES["grafana"])["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    home = json.loads((ROOT / mounted(path)).read_text())
    assert home["uid"] == "application"


def service_name(service: str) -> str:
    """Follow the shipper's rules: what the lines of a service are called in Loki."""
    text = (ROOT / "compose" / "alloy" / "config.alloy").read_text()
    rules = [
        dict(RULE.findall(block)) for block in re.findall(r"rule \{\n(.*?)\n *\}", text, re.DOTALL)
    ]
    named = ""
    for rule in rules:
        if rule.get("target_label") != "service_name":
            continue
        assert "compose_service" in rule["source_labels"]
        if found := re.fullmatch(rule.get("regex", "(.*)"), service):
            named = found.expand(rule.get("replacement", "$1").replace("$1", r"\1"))
    return named


def test_every_job_of_prometheus_has_logs_of_its_name() -> None:
    named = [service_name(service) for service in SERVICES]
    assert len(set(named)) == len(named)
    assert set(JOBS) <= set(named)


def test_an_exemplar_and_a_log_line_lead_to_the_trace() -> None:
    (exemplar,) = SOURCES["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    (field,) = SOURCES["loki"]["jsonData"]["derivedFields"]
    assert exemplar["datasourceUid"] == field["datasourceUid"] == "jaeger"
    assert exemplar["name"] == "trace_id"
    read_end, write_end = os.pipe()
    writer = LogWriter(lambda count: b"%d" % count, write_end)
    writer.start()
    logs = Logs(Lines("petswipe-api", writer), "INFO")
    trace = f"{2**127 + 1:032x}"
    logs.access({"trace_id": trace, "status": 500})
    logs.close()
    os.close(write_end)
    with os.fdopen(read_end) as lines:
        (line,) = lines.read().splitlines()
    found = re.search(field["matcherRegex"], line)
    assert found is not None, line
    assert found[1] == trace
