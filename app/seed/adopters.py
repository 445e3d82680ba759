"""Who the adopters of the demo are; apart, because `up` names one and loads none."""

from __future__ import annotations


def adopter_email(number: int) -> str:
    """Name the account of a demo adopter; they are numbered from 0."""
    return f"adopter-{number:05d}@adopters.petswipe.example"
