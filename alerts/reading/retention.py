"""How long Prometheus keeps what it has scraped, wherever the stack starts it."""

from __future__ import annotations

from datetime import timedelta

# The longest window of a rule is 30 days, and a day of it is not yet a block.
RETENTION = timedelta(days=35)
