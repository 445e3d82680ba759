"""Limits that a case can reach with few requests, and that no other case comes near."""

USER_LIMIT = 12
# Two people at one address, the second of whom is stopped before their own limit.
IP_LIMIT = 18
