from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerts.checks.runbooks import sections
from tests.alerts.checks.runbook_pages import PAD, PAGE, SCENARIO, changed, repository

if TYPE_CHECKING:
    from pathlib import Path


def test_good_pages_are_accepted(tmp_path: Path) -> None:
    assert list(sections.check(repository(tmp_path))) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("## Fix\n\nMend it.\n\n", "", "sections are Meaning, Impact, Confirm, Triage, Mitigate"),
        ("## Impact", "## Effect", "sections are Meaning, Effect, Confirm"),
        ("Mend it.", "", "Fix: empty"),
        (PAD, "", "56 words; want 250 to 600, code apart"),
        (PAD, PAD * 3, "1076 words; want 250 to 600, code apart"),
        ("Mend it.", "Mend [[the thing]].", "left over: [[the thing]]"),
        ("Mend it.", "TODO", "left over: TODO"),
        ("```promql", "```js", "a block of js; want promql, logql, sql, sh, valkey"),
        ("```promql", "```", "a block of no language; want"),
        ("Healthy: above", "Fine: above", "Confirm: a line `Healthy: ...` follows each promql"),
        ("```promql", "```sql", "Confirm: no promql block"),
        ("| nothing | [a region is lost](disaster/region-lost.md) | step 2 |\n", "", "Triage: "),
        ("| What you see |", "| Symptom |", "Triage: want a table of what you see, what it"),
        ("**Move on.** Check: the query.", "**Move on.**", "Mitigate now: step 2 does not say"),
        ("The team after 10 minutes.", "The team.", "Escalate: say after how many minutes"),
        ("- [Region lost](disaster/region-lost.md)", "None.", "Related: no link"),
        ("# LoginsGone\n", "LoginsGone\n", "no title: a line that begins with #"),
    ],
)
def test_a_page_of_another_form_is_found(old: str, new: str, message: str, tmp_path: Path) -> None:
    loaded = repository(tmp_path, changed(PAGE, old, new))
    messages = [problem.message for problem in sections.check(loaded)]
    assert any(found.startswith(message) for found in messages), messages


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("RTO 1 hour, RPO 15 minutes.", "RTO 1 hour.", "Targets: no RPO"),
        ("Check: it answers.", "", "Recover: step 1 does not say `Check: ...`"),
        ("```sql\nSELECT 1;\n```", "Look.", "Verify: no fenced block that shows it"),
    ],
)
def test_a_scenario_of_another_form_is_found(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    loaded = repository(tmp_path, PAGE, changed(SCENARIO, old, new))
    assert [problem.message for problem in sections.check(loaded)] == [message]


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("# LoginsGone\n", "no front matter: begin with ---, YAML and ---"),
        ("---\nalert: [\n---\n", "front matter is no YAML: "),
        ("---\n- alert\n---\n", "front matter is no mapping"),
    ],
)
def test_what_is_no_runbook_is_one_problem(page: str, message: str, tmp_path: Path) -> None:
    (problem,) = sections.check(repository(tmp_path, page))
    assert problem.message.startswith(message)
    assert "\n" not in problem.message


def test_a_problem_names_the_line_of_its_section(tmp_path: Path) -> None:
    page = changed(PAGE, "Mend it.", "FIXME")
    (problem,) = sections.check(repository(tmp_path, page))
    line = page.splitlines().index("FIXME") + 1
    assert problem.where == f"{tmp_path / 'runbooks' / 'LoginsGone.md'}:{line}"


# Of each check, what it rejects and what it accepts.
REJECTED = [
    (sections, test_a_page_of_another_form_is_found),
]
ACCEPTED = [
    (sections, test_good_pages_are_accepted),
]
