"""Addresses of servers: what is none, and what would give a secret away."""

from __future__ import annotations

from ipaddress import ip_address

import httpx


def wrong_address(url: str, *, secret: bool) -> str:
    """Say what is wrong with an address that is to be asked; empty when nothing is.

    `secret` says that credentials are sent to it.
    """
    if "@" in url:
        # Addresses are shown in messages and reports, so this one is not even repeated here. What
        # stands before an @ may be a password that makes something else of the address.
        return "the address has a user or a password in it; give them by a file"
    try:
        parsed = httpx.URL(url)
        # httpx passes on host names that no resolver takes, like a label of 64 letters.
        parsed.host.encode("idna")
    except (httpx.InvalidURL, UnicodeError) as error:
        return f"{url!r} is no address: {error}"
    if parsed.scheme not in ("http", "https") or not parsed.host:
        return f"{url!r} is no address like http://localhost:9090"
    if "?" in url or "#" in url:
        return f"{url!r} is more than a server and a path; end it before the ? or #"
    if secret and parsed.scheme == "http" and not _is_loopback(parsed.host):
        return f"{url} would be sent the credentials in clear text; use https"
    return ""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
