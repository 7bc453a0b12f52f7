"""A report as one HTML file, which loads nothing."""

from __future__ import annotations

from ..platforms import PLATFORMS
from .report import Report, sorted_rows, verdict

_SHEET = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ title }}: {{ verdict }}</title>
<style>
:root { color-scheme: light dark; --line: light-dark(#d5d9e0, #3a404b); --red: light-dark(#b3261e, #ff8a80);
  --amber: light-dark(#8a5a00, #f2c057); --green: light-dark(#1a6b35, #7fd492); --soft: light-dark(#f5f6f8, #1d2027);
  --quiet: light-dark(#5b6370, #a3abb8) }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; background: light-dark(#fff, #14161b) }
h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem }
code, pre { font: .875rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
pre { white-space: pre-wrap; margin: 0; padding: .5rem .7rem; background: var(--soft); border-radius: 4px }
.counts { display: flex; flex-wrap: wrap; gap: .5rem 1.6rem; padding: 0; margin: 1rem 0; list-style: none } .counts b { font-size: 1.3rem }
article { border: 1px solid var(--line); border-left-width: 4px; border-radius: 4px; padding: .8rem 1rem; margin: .8rem 0 }
article h3 { font-size: 1rem; margin: 0 0 .4rem } dl { display: grid; grid-template-columns: 7rem minmax(0, 1fr); gap: .4rem .8rem; margin: .8rem 0 0 }
dt { color: var(--quiet) } dd { margin: 0 } .why, small { color: var(--quiet) }
.fail, .passes-again { border-left-color: var(--red) } .warn, .undetermined, .known { border-left-color: var(--amber) }
.mark { font-weight: 600 } .fail .mark, .passes-again .mark { color: var(--red) } .warn .mark, .undetermined .mark, .known .mark { color: var(--amber) }
.pass .mark { color: var(--green) } details { margin: .4rem 0 } summary { cursor: pointer } li { margin: .2rem 0 }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; gap: .1rem } dd { margin-bottom: .5rem } }
</style>
<h1>{{ title }}: {{ verdict }}</h1>
<p class="why">Judged in {{ '%.1f' % report.seconds }} s, {{ checks }} checks, seed {{ report.seed }}, exit status {{ report.exit }}.</p>
{% if report.ended %}<p role="alert"><b>Not judged in full:</b> {{ report.ended }}.</p>{% endif %}
<ul class="counts">{% for name, count in report.summary.items() %}<li><b>{{ count }}</b> {{ name }}</li>{% endfor %}</ul>
{% for name, rows in groups if rows %}<section><h2>{{ name | capitalize }} ({{ rows | length }})</h2>
{% if name in open %}{% for row in rows %}<article class="{{ row.judgement | replace(' ', '-') }}">
<h3><span class="mark">{{ row.judgement }}</span> <code>{{ row.clause }}</code> <small>{{ row.level }}</small></h3>
<p>{{ row.says }}{% if row.source %} <small>{{ row.source }}</small>{% endif %}</p>{% if row.why %}<p class="why">{{ row.why }}</p>{% endif %}
{% for one in row.failures %}<dl>
<dt>Case</dt><dd>{% if one.case %}<code>{{ one.case }}</code>{% else %}the genuine handshake{% endif %}: {{ one.detail }}</dd>
<dt>Sent</dt><dd><pre>{{ one.sent | join('\n') or 'nothing' }}</pre></dd>
<dt>Came back</dt><dd><pre>{{ one.came | join('\n') or 'nothing' }}</pre></dd>
<dt>Likely cause</dt><dd>{{ one.cause }}</dd><dt>Repeat</dt><dd><pre>{{ one.again }}</pre></dd>
{% if one.curl %}<dt>curl</dt><dd><pre>{{ one.curl }}</pre></dd>{% endif %}</dl>{% endfor %}
{% if row.more %}<p class="why">and {{ row.more }} more</p>{% endif %}</article>{% endfor %}
{% else %}<details><summary>Show them</summary><ul>{% for row in rows %}<li class="{{ row.judgement | replace(' ', '-') }}">
<code>{{ row.clause }}</code> <small>{{ row.level }}{% if row.checks %}, {{ row.checks }} checks{% endif %}</small>
{% if row.why %}<span class="why">{{ row.why }}</span>{% endif %}</li>{% endfor %}</ul></details>{% endif %}</section>{% endfor %}
</html>
"""
OPEN = ("fail", "passes again", "undetermined", "warn", "known")
"""The judgements whose clauses are shown at once."""


def as_html(report: Report) -> str:
    """Return a report as one HTML file: what somebody has to look at first, with its six parts."""
    from jinja2 import Environment, StrictUndefined

    rows = sorted_rows(report.rows)
    groups = [(name, [row for row in rows if row.judgement == name]) for name in report.summary]
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(_SHEET)
    return template.render(
        title=PLATFORMS[report.platform].title, verdict=verdict(report), report=report, groups=groups, open=OPEN,
        checks=sum(row.checks for row in rows),
    )  # fmt: skip
