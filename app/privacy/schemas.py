"""What an export holds."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from app.accounts.schemas import Account, Preferences

Rows = list[dict[str, Any]]


class Export(BaseModel):
    """Everything that is stored about somebody, but for digests of secrets."""

    account: Account
    preferences: Preferences
    swipes: Rows
    matches: Rows
    interests: Rows
    pets: Rows
    uploads: Rows
    households: Rows
    shelters: Rows
    channels: Rows
    notifications: Rows
    sessions: Rows
