"""Reading LogQL: what Loki would refuse is refused, and the windows of its ranges are returned.

Loki's documentation, "Log queries" and "Metric queries".
"""

from __future__ import annotations

from dashboards.checks.logql_tokens import Reader

MATCHES = ("=", "!=", "=~", "!~")
FILTERS = ("|=", "|~", "|>", "!=", "!~", "!>")
COMPARISONS = ("=", "!=", "=~", "!~", "==", ">", ">=", "<", "<=")
OPERATORS = ("+", "-", "*", "/", "%", "^", "==", "!=", ">", ">=", "<", "<=", "and", "or", "unless")
RANGES = (
    *(
        "rate",
        "rate_counter",
        "bytes_rate",
        "count_over_time",
        "bytes_over_time",
        "absent_over_time",
    ),
    *("sum_over_time", "avg_over_time", "max_over_time", "min_over_time", "first_over_time"),
    *("last_over_time", "stdvar_over_time", "stddev_over_time", "quantile_over_time"),
)
VECTORS = (
    *("sum", "avg", "min", "max", "count", "stddev", "stdvar", "topk", "bottomk"),
    *("sort", "sort_desc", "approx_topk"),
)
PARSERS = ("json", "logfmt", "unpack", "regexp", "pattern", "decolorize")
CONVERSIONS = ("duration", "duration_seconds", "bytes")


def windows(query: str) -> list[str]:
    """Return the windows of the ranges in a query; raises ValueError for what is no LogQL."""
    reader = Reader(query)
    _expression(reader)
    if reader.peek():
        reader.refuse("the end")
    return reader.windows


def _expression(reader: Reader) -> None:
    _operand(reader)
    while reader.peek() in OPERATORS:
        reader.next()
        reader.skip("bool")
        _grouping(reader, "on", "ignoring")
        if reader.peek(1) == "(":
            _grouping(reader, "group_left", "group_right")
        else:
            reader.skip("group_left", "group_right")
        _operand(reader)


def _operand(reader: Reader) -> None:
    name = reader.peek()
    if name == "{":
        _logs(reader)
    elif reader.kind() == "number":
        reader.next()
    elif reader.skip("("):
        _expression(reader)
        reader.take(")")
        _stages(reader)
    elif name in RANGES:
        _range(reader)
    elif name in VECTORS:
        _vector(reader)
    elif name in ("label_replace", "vector"):
        _call(reader)
    else:
        reader.refuse("a stream selector {…} or a function")


def _logs(reader: Reader) -> None:
    reader.take("{")
    while True:
        reader.take_kind("name")
        reader.take(*MATCHES)
        reader.take_kind("string")
        if not reader.skip(","):
            break
    reader.take("}")
    _stages(reader)


def _stages(reader: Reader) -> None:
    while reader.peek() in (*FILTERS, "|"):
        if reader.next() == "|":
            _stage(reader)
            continue
        _filter_value(reader)
        while reader.skip("or"):
            _filter_value(reader)


def _filter_value(reader: Reader) -> None:
    if reader.skip("ip"):
        reader.take("(")
        reader.take_kind("string")
        reader.take(")")
    else:
        reader.take_kind("string")


def _stage(reader: Reader) -> None:
    name = reader.peek()
    if name in PARSERS:
        reader.next()
        _parser_arguments(reader)
    elif reader.skip("line_format"):
        reader.take_kind("string")
    elif reader.skip("label_format"):
        _pairs(reader)
    elif reader.skip("drop", "keep"):
        _pairs(reader, values=False)
    elif reader.skip("unwrap"):
        converted = reader.peek() in CONVERSIONS and reader.peek(1) == "("
        _parenthesized_name(reader) if converted else reader.take_kind("name")
    else:
        _label_filter(reader)


def _parenthesized_name(reader: Reader) -> None:
    reader.next()
    reader.take("(")
    reader.take_kind("name")
    reader.take(")")


def _parser_arguments(reader: Reader) -> None:
    while reader.kind() == "flag":
        reader.next()
    if reader.kind() == "string":
        reader.next()
    elif reader.kind() == "name" and reader.peek() not in OPERATORS:
        _pairs(reader, values=False)


def _pairs(reader: Reader, *, values: bool = True) -> None:
    while True:
        reader.take_kind("name")
        if values or reader.peek() in MATCHES:
            reader.take(*MATCHES)
            reader.take_kind("string", "name")
        if not reader.skip(","):
            return


def _label_filter(reader: Reader) -> None:
    if reader.skip("("):
        _label_filter(reader)
        reader.take(")")
    else:
        reader.take_kind("name")
        reader.take(*COMPARISONS)
        if reader.peek() == "ip":
            _filter_value(reader)
        else:
            reader.take_kind("string", "number", "duration", "size")
    if reader.skip("and", "or", ","):
        _label_filter(reader)


def _range(reader: Reader) -> None:
    reader.next()
    reader.take("(")
    if reader.kind() == "number":
        reader.next()
        reader.take(",")
    closing = reader.skip("(")
    _logs(reader)
    if closing:
        reader.take(")")
    reader.take("[")
    reader.windows.append(reader.take_kind("duration"))
    reader.take("]")
    _stages(reader)
    if reader.skip("offset"):
        reader.take_kind("duration")
    reader.take(")")
    _grouping(reader, "by", "without")


def _vector(reader: Reader) -> None:
    reader.next()
    _grouping(reader, "by", "without")
    reader.take("(")
    if reader.kind() == "number" and reader.peek(1) == ",":
        reader.next()
        reader.next()
    _expression(reader)
    reader.take(")")
    _grouping(reader, "by", "without")


def _call(reader: Reader) -> None:
    reader.next()
    reader.take("(")
    _expression(reader)
    while reader.skip(","):
        reader.take_kind("string")
    reader.take(")")


def _grouping(reader: Reader, *words: str) -> None:
    if not reader.skip(*words):
        return
    reader.take("(")
    while reader.kind() == "name":
        reader.next()
        if not reader.skip(","):
            break
    reader.take(")")
