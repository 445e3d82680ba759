"""Markdown of runbooks as HTML: raw HTML stays text, queries get their values and links."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence

    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import OptionsDict

    from app.runbooks.prometheus import Answer

PROMQL = "promql"
PAGE = ".md"


@dataclass(frozen=True, slots=True)
class Values:
    """What Prometheus said about the queries of a page, and where to run them again."""

    found: Mapping[str, Answer] = field(default_factory=dict)
    prometheus: str = ""


def queries_of(text: str) -> list[str]:
    """List the promql blocks of a page, in order."""
    tokens = MARKDOWN.parse(text)
    return [_query(token) for token in tokens if token.type == "fence" and _is_query(token)]


def render(text: str, values: Values) -> str:
    """Render a page; a link to another page's file leads to that page."""
    return str(MARKDOWN.render(text, {"values": values}))


def render_line(text: str) -> str:
    """Render one line without a paragraph around it."""
    return str(MARKDOWN.renderInline(text))


def _is_query(token: Token) -> bool:
    return token.info.strip() == PROMQL


def _query(token: Token) -> str:
    return token.content.strip()


def _fence(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Values],
) -> str:
    del renderer, options
    token = tokens[index]
    language = escape(token.info.strip() or "text")
    code = f'<pre data-language="{language}"><code>{escape(token.content)}</code></pre>'
    if not _is_query(token):
        return f"{code}\n"
    values, query = env["values"], _query(token)
    return (
        f'<div class="query">{code}{_answer(values.found.get(query))}{_link(values, query)}</div>\n'
    )


def _answer(answer: Answer | None) -> str:
    if answer is None:
        return ""
    if answer.refused:
        return f'<p class="now">Prometheus: {escape(answer.refused)}</p>'
    if not answer.samples:
        return '<p class="now">Now: no series.</p>'
    rows = "".join(
        f"<tr><td>{_labels(sample.labels)}</td><td>{escape(sample.value)}</td></tr>"
        for sample in answer.samples
    )
    more = f"<p>and {answer.left_out} more</p>" if answer.left_out else ""
    head = "<thead><tr><th>Series</th><th>Now</th></tr></thead>"
    return f'<div class="now"><table>{head}<tbody>{rows}</tbody></table>{more}</div>'


def _labels(labels: Mapping[str, str]) -> str:
    name = labels.get("__name__", "")
    rest = ", ".join(f'{key}="{value}"' for key, value in labels.items() if key != "__name__")
    return escape(f"{name}{{{rest}}}" if rest or not name else name)


def _link(values: Values, query: str) -> str:
    if not values.prometheus:
        return ""
    asked = urlencode({"g0.expr": query, "g0.tab": "0", "g0.range_input": "3h"})
    address = escape(f"{values.prometheus}/graph?{asked}")
    return f'<p class="run"><a href="{address}" rel="noreferrer">Run in Prometheus</a></p>'


def _link_open(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Values],
) -> str:
    token = tokens[index]
    path, mark, part = str(token.attrs.get("href", "")).partition("#")
    if "://" not in path:
        token.attrs["href"] = f"{path.removesuffix(PAGE)}{mark}{part}"
    return renderer.renderToken(tokens, index, options, env)


def _table_open(*_: object) -> str:
    # A telephone scrolls the table and not the page.
    return '<div class="wide"><table>\n'


def _table_close(*_: object) -> str:
    return "</table></div>\n"


MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
MARKDOWN.add_render_rule("fence", _fence)
MARKDOWN.add_render_rule("link_open", _link_open)
MARKDOWN.add_render_rule("table_open", _table_open)
MARKDOWN.add_render_rule("table_close", _table_close)
