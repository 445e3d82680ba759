"""A small repository with one good runbook and one good scenario, for checks to look at."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from alerts.reading.loaded import load

if TYPE_CHECKING:
    from pathlib import Path

    from alerts.reading.loaded import Loaded

RULES = """groups:
- name: pets
  rules:
  - record: job:logins:rate5m
    expr: sum by (job) (rate(petswipe_logins_total[5m]))
  - alert: LoginsGone
    expr: job:logins:rate5m < 1
    labels: {severity: critical, team: adoption}
    annotations:
      dashboard_url: http://localhost:3000/d/application/application?viewPanel=panel-7&from=now-3h
"""
COMPOSE = "services: {api: {}, postgres: {}}\n"
MAKEFILE = "up: $(READY) ## Run it\n\t@true\n"
COMMANDS = """import click

@click.group()
def cli(): ...

@cli.command()
@click.option("--seed/--no-seed")
def up(): ...

@cli.command("move-on")
def move(): ...
"""
PAD = "Words that fill the page so that it is long enough for whoever reads it at night. " * 20
PAGE = f"""---
alert: LoginsGone
severity: critical
team: adoption
dashboard: application
panel: Log-ins
panel_id: 7
---

# LoginsGone

## Meaning

Nobody logs in. {PAD}

## Impact

`POST /api/auth/login` fails.

## Confirm

```promql
sum by (job) (job:logins:rate5m)
```

Healthy: above 1 per second.

## Triage

| What you see | What it means | Go to |
|---|---|---|
| refusals | a wrong key | step 1 |
| nothing | [a region is lost](disaster/region-lost.md) | step 2 |

## Mitigate now

1. **Restart.** Undo: nothing to undo. Check: the query.

   ```sh
   docker compose restart api   # it's quick
   make up && python -m app up --seed
   curl -fsS http://localhost:8000/api/users/<user id>
   ```

2. **Move on.** Check: the query.

## Fix

Mend it.

## Escalate

The team after 10 minutes.

## False positives and silence

At night.

## Related

- [Region lost](disaster/region-lost.md)
"""
SCENARIO = f"""---
scenario: region-lost
severity: critical
team: platform
---

# The region is lost

## Trigger

```promql
absent(job:logins:rate5m)
```

Healthy: no series.

## Impact

Everything. {PAD}

## Targets

RTO 1 hour, RPO 15 minutes.

## Recover

1. Go elsewhere. Check: it answers.

## Verify

```sql
SELECT 1;
```

## Escalate

Everybody, at once.

## Related

- [LoginsGone](../LoginsGone.md)
"""


def repository(root: Path, page: str = PAGE, scenario: str = SCENARIO) -> Loaded:
    """Write the small repository below a folder, and read what the checks look at."""
    generated = root / "alerts" / "generated"
    for folder in (generated, root / "app", root / "dashboards" / "generated"):
        folder.mkdir(parents=True)
    (generated / "pets.rules.yml").write_text(RULES)
    (generated / "prometheus.yml").write_text("scrape_configs: [{job_name: petswipe-api}]\n")
    (root / "app" / "__main__.py").write_text(COMMANDS)
    (root / "Makefile").write_text(MAKEFILE)
    (root / "docker-compose.yml").write_text(COMPOSE)
    panels = [{"id": 7, "title": "Log-ins"}, {"id": 8, "title": "Sign-ups"}]
    row = {"id": 6, "title": "Row", "panels": panels}
    board = {"uid": "application", "panels": [row]}
    (root / "dashboards" / "generated" / "application.json").write_text(json.dumps(board))
    disasters = root / "runbooks" / "disaster"
    disasters.mkdir(parents=True)
    (root / "runbooks" / "LoginsGone.md").write_text(page)
    (disasters / "region-lost.md").write_text(scenario)
    for other in ("README.md", "_template.md", "queries.md"):
        (root / "runbooks" / other).write_text("[[anything]]\n")
    return load(generated, root)


def changed(text: str, old: str, new: str) -> str:
    """Replace what is there exactly once."""
    assert text.count(old) == 1, old
    return text.replace(old, new)
