"""What Grafana puts in place of the variables of a query before anything parses it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

# Grafana's documentation, "Variables syntax" and "Global variables"; `$1` is part of a regexp.
VARIABLE = re.compile(r"\$([A-Za-z_]\w*)|\$\{(\w+)(?:[.:][\w.:]+)?\}|\[\[(\w+)\]\]")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`')
ANY_WINDOW, ANY_NUMBER, ANY_NAME = "5m", "300", "any"
GLOBAL = {
    **dict.fromkeys(("__rate_interval", "__interval", "__range", "__auto"), ANY_WINDOW),
    **dict.fromkeys(("__interval_ms", "__range_s", "__range_ms"), ANY_NUMBER),
    **dict.fromkeys(("__from", "__to", "__org"), ANY_NUMBER),
    **dict.fromkeys(("__dashboard", "__name", "__user", "timezone"), ANY_NAME),
}


def expand(expression: str, variables: Iterable[dict[str, Any]]) -> str:
    """Write values for variables, outside of strings, where a name stands for what it selects.

    Raises LookupError for a variable that the dashboard does not have.
    """
    known = {str(each.get("name")): _value(each) for each in variables} | GLOBAL
    parts: list[str] = []
    end = 0
    for string in STRING.finditer(expression):
        parts += [_written(expression[end : string.start()], known), string.group()]
        _written(string.group(), known)
        end = string.end()
    return "".join((*parts, _written(expression[end:], known)))


def used(expression: str) -> set[str]:
    """Return the names of all variables in a query."""
    return {next(filter(None, found)) for found in VARIABLE.findall(expression)}


def _written(text: str, known: dict[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = next(filter(None, found.groups()))
        if name not in known:
            raise LookupError(f"the dashboard has no variable {name}")
        return known[name]

    return VARIABLE.sub(value, text)


def _value(variable: dict[str, Any]) -> str:
    """Return what a variable stands for while nobody has chosen anything."""
    options = variable.get("options")
    for option in (variable.get("current"), *(options if isinstance(options, list) else ())):
        value = option.get("value") if isinstance(option, dict) else None
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, str) and first and not first.startswith("$__"):
            return first
    return ANY_NAME
