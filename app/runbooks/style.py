"""The one stylesheet of the runbook pages, and the policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib

STYLE = """
:root { color-scheme: light dark; --text: #1c2024; --dim: #5b6470; --back: #fff; --soft: #f3f5f7;
  --line: #d5dae0; --link: #0b57c2; --critical: #b3261e; --warning: #8a5300; --info: #0b57c2; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e9ed; --dim: #a2abb6; --back: #14171a;
  --soft: #1f2428; --line: #3a424a; --link: #8ab8ff; --critical: #ff9a92; --warning: #f5c26b;
  --info: #8ab8ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 50rem; padding: 1rem 1rem 4rem; background: var(--back);
  color: var(--text); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
a { color: var(--link); }
h1 { font-size: 1.6rem; line-height: 1.2; margin: .6rem 0; }
h2 { font-size: 1.2rem; margin: 1.8rem 0 .5rem; border-bottom: 1px solid var(--line); }
pre { white-space: pre-wrap; padding: .7rem; background: var(--soft); font-size: .875rem;
  border: 1px solid var(--line); border-radius: .3rem; line-height: 1.4; }
pre::before { content: attr(data-language); float: right; margin-left: 1rem; color: var(--dim);
  font-size: .75rem; }
code { font-family: ui-monospace, monospace; font-size: .9em; }
pre code { font-size: 1em; }
.wide, .now { overflow-x: auto; overflow-wrap: normal; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
th, td { border: 1px solid var(--line); padding: .35rem .5rem; text-align: left;
  vertical-align: top; }
th { background: var(--soft); }
.query { border-left: .25rem solid var(--link); padding-left: .6rem; margin: 1rem 0; }
.query pre { margin: 0 0 .4rem; }
.query p { margin: .3rem 0; }
.now td:last-child { text-align: right; font-variant-numeric: tabular-nums; }
.facts, .note { color: var(--dim); }
.critical { color: var(--critical); font-weight: 700; }
.warning { color: var(--warning); font-weight: 700; }
.info { color: var(--info); font-weight: 700; }
li > p { margin: .3rem 0; }
@media print { .run, nav { display: none; } }
"""
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
