"""Statements to PostgreSQL, selected for panels."""

from __future__ import annotations

from alerts.components.database import POSTGRES
from app.telemetry.catalog import DB_DURATION, DB_OPERATION
from dashboards.queries import part
from slo.promql import Matcher

OPERATION = DB_OPERATION.name
# A connection that nobody got is no statement, and its time is that of the wait.
ASKED = (*POSTGRES, Matcher(OPERATION, "!=", "CONNECT"))
STATEMENTS = part(DB_DURATION, "count", *ASKED)
TIMES = part(DB_DURATION, "bucket", *ASKED)
