"""Inputs on which tools pass by accident, which are known for wrong before the first request."""

from __future__ import annotations

from tests.loadtests.accidents import AT_MOST, MISUSE, QUANTILE, Accident, query, rule, waiver

BASELINE = "baseline: {fail: {tolerance: 10 %, floor: 5 ms}}"

OF_INPUTS = (
    Accident(
        "Prometheus absent",
        "A check that cannot be made is skipped.",
        MISUSE,
        "is not reachable",
        ("--prometheus-url", "http://127.0.0.1:1"),
    ),
    Accident(
        "404 from Prometheus",
        "An answer without data is taken for an empty one.",
        MISUSE,
        "is no Prometheus",
        ("--prometheus-url", "{api}/wrong"),
    ),
    Accident(
        "Prometheus does not answer",
        "A check that takes too long is given up, and the rollout goes on.",
        MISUSE,
        "does not answer in time",
        ("--prometheus-url", "{silent}", "--timeout", "1"),
    ),
    Accident(
        "404 from the API",
        "A wrong address answers fast, and 404 is no error of a server.",
        MISUSE,
        "does not answer",
        ("--host", "{api}/wrong"),
    ),
    Accident(
        "page in place of the API",
        "A proxy's page is a 200 to every request.",
        MISUSE,
        "has no OpenAPI document",
        ("--host", "{page}"),
    ),
    Accident(
        "no rule",
        "Without a rule none is broken.",
        MISUSE,
        "there are no rules; a gate without any would let everything pass",
        rules="version: 1\nrules: []\n",
    ),
    Accident(
        "empty file of rules",
        "An empty file is an empty configuration.",
        MISUSE,
        "version and rules",
        rules="",
    ),
    Accident(
        "unknown step",
        "Nothing is ever measured of a step that is not there.",
        MISUSE,
        "the plan has no step 'smokee'; did you mean smoke",
        rules=rule(QUANTILE, AT_MOST, "{steps: [smokee]}"),
    ),
    Accident(
        "unknown operation",
        "A threshold on a name that no request carries has no samples.",
        MISUSE,
        "there is no operation 'POST /api/swipe'; did you mean POST /api/swipes",
        rules=rule(QUANTILE.replace("swipes", "swipe"), AT_MOST),
    ),
    Accident(
        "unknown label",
        "A label that no series has selects nothing.",
        MISUSE,
        "rules.yml:7: ",
        rules=query('sum(increase(petswipe_swipes_total{kind="pass"}[{{.window}}]))'),
    ),
    Accident(
        "several series",
        "The first one is taken, or the last.",
        MISUSE,
        "may give several series",
        rules=query("increase(petswipe_swipes_total[{{.window}}])"),
    ),
    Accident(
        "unknown unit",
        "A number without its unit is held against one of another.",
        MISUSE,
        "rules.yml:8: ",
        rules=rule(QUANTILE, "at_most: {fail: 150 msec}"),
    ),
    Accident(
        "no baseline",
        "There is nothing to be slower than.",
        MISUSE,
        "is relative to a baseline: give --baseline",
        rules=rule(QUANTILE, BASELINE),
    ),
    Accident(
        "baseline of another load",
        "Twice as fast as something else is no improvement.",
        MISUSE,
        "recorded under another load",
        ("--baseline", "{baseline}"),
        rules=rule(QUANTILE, BASELINE),
    ),
    Accident(
        "waiver that has ended",
        "What was to be for a week is for ever.",
        MISUSE,
        "the waiver ended 1 day ago; take it out",
        waivers=waiver(-1, "few-errors"),
    ),
)
