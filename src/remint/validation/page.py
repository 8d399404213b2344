"""The report as one self-contained HTML page, readable in light and in dark.

The template is a Python text, so that what watches the code for changes watches it, too.
"""

from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined

from remint.validation import words
from remint.validation.page_parts import PARTS
from remint.validation.report import Report

MOST_CLASSES = 40
"How many classes the page shows; the JSON has them all."


def page(dataset: str, report: Report) -> str:
    """Render a report. The same for the same report: no time, no path."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"percent": words.roughly, "value": words.value, "count": "{:,}".format}
    environment.filters |= {"short": _short, "cut": words.cut}
    environment.loader = DictLoader(PARTS)
    return environment.from_string(TEMPLATE).render(
        dataset=dataset,
        report=report,
        bars=_bars,
        classes=_classes(report),
        target_is_number=any(split.mean is not None for split in report.splits.values()),
        STYLE=STYLE,
        most=MOST_CLASSES,
    )


def _short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 10_000 else f"{number:,.4g}"


def _bars(histogram: tuple[int, ...]) -> list[dict[str, Any]]:
    """Place a histogram's bars in a box of 24 units height: each present bin is at least one unit high."""
    top = max(histogram)
    heights = [0 if not rows else max(1.0, round(24 * rows / top, 2)) for rows in histogram]
    return [{"x": i * 6, "height": height, "y": round(24 - height, 2)} for i, height in enumerate(heights)]


def _classes(report: Report) -> list[str]:
    """Name the classes, in the order in which splits count them."""
    return list(next((split.classes for split in report.splits.values() if split.classes), {}))


STYLE = """
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #fff; --ink: #1b2330; --dim: #657083; --line: #e1e5eb;
  --good: #15803d; --good-soft: #e3f5e9; --bad: #b91c1c; --bad-soft: #fdeaea; --bar: #4f7cc9; --bar-soft: #e6edf8; }
@media (prefers-color-scheme: dark) { :root { --ground: #10141b; --card: #181e28; --ink: #e4e8ee; --dim: #93a0b4;
  --line: #2b3442; --good: #5fd38a; --good-soft: #16331f; --bad: #ff8f8f; --bad-soft: #3d1c1f; --bar: #7ba3e8;
  --bar-soft: #24314a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "Noto Sans",
  "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei",
  "WenQuanYi Micro Hei", sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 28px; margin: 0; } h2 { font-size: 18px; margin: 36px 0 12px; }
small, .dim { color: var(--dim); font-size: 13px; } code { font: 13px ui-monospace, Menlo, Consolas, monospace; }
header { display: flex; flex-wrap: wrap; gap: 12px; align-items: center; justify-content: space-between; }
.verdict { padding: 8px 16px; border-radius: 999px; font-weight: 600; }
.good { color: var(--good); background: var(--good-soft); } .bad { color: var(--bad); background: var(--bad-soft); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); gap: 12px; margin-top: 20px; }
.tile, .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.tile { padding: 12px 16px; } .tile b { display: block; font-size: 22px; font-weight: 600; }
.card { margin-bottom: 12px; overflow-x: auto; } .failure { border-left: 4px solid var(--bad); padding: 14px 18px; }
.failure b { font-size: 16px; } .failure table { width: auto; margin-top: 8px; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { text-align: left; font-size: 12px; font-weight: 600; color: var(--dim); white-space: nowrap; }
th, td { padding: 7px 14px; border-bottom: 1px solid var(--line); vertical-align: top; }
.plain tr:last-child > td { border-bottom: 0; } .failure th, .failure td { padding: 3px 24px 3px 0; }
.number { text-align: right; } .number, .name { white-space: nowrap; }
.text { white-space: pre-line; overflow-wrap: anywhere; min-width: 260px; }
.mark { width: 28px; padding: 7px 0 7px 14px; font-weight: 700; }
.mark.good, .mark.bad { background: none; } .wide { overflow-wrap: anywhere; }
.share { display: flex; align-items: center; gap: 8px; } .share span { white-space: nowrap; }
.track { flex: 0 0 90px; height: 8px; border-radius: 4px; background: var(--bar-soft); overflow: hidden; }
.track i { display: block; height: 100%; background: var(--bar); } svg { display: block; } rect { fill: var(--bar); }
.tops { display: flex; flex-wrap: wrap; gap: 4px 6px; } .top { background: var(--bar-soft); border-radius: 6px;
  padding: 1px 8px; font-size: 13px; } .top span { color: var(--dim); }
"""

TEMPLATE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ dataset }}: validation</title><style>{{ STYLE | safe }}</style></head><body><main>
<header>
  <div><small>Validation of dataset</small><h1>{{ dataset }}</h1></div>
  {% if report.success %}
  <div class="verdict good">✓ All {{ report.outcomes | length }} expectations hold</div>
  {% else %}
  <div class="verdict bad">✗ {{ report.failures | length }} of {{ report.outcomes | length }} expectations do not hold
    {%- if report.unchecked %}, {{ report.unchecked | length }} not checked{% endif %}</div>
  {% endif %}
</header>
<div class="tiles">
  <div class="tile"><b>{{ report.rows | count }}</b><small>rows</small></div>
  {% if report.texts %}
  <div class="tile"><b>{{ report.texts.mean | short }}</b><small>characters on average</small></div>
  {% elif report.series %}
  <div class="tile"><b>{{ report.series.gaps | count }}</b><small>steps missing</small></div>
  {% endif %}
  {% if not report.images %}
  <div class="tile"><b>{{ report.columns | length }}</b><small>columns</small></div>
  {% else %}
  <div class="tile"><b>{{ report.images.height }} × {{ report.images.width }}</b>
    <small>pixels, {{ report.images.channels }} channel{{ "s" if report.images.channels != 1 }}</small></div>
  <div class="tile"><b>{{ report.images.unreadable | count }}</b><small>unreadable files</small></div>
  {% endif %}
  {% if report.cleaning and report.cleaning.kept < report.rows %}
  <div class="tile"><b>{{ report.cleaning.kept | count }}</b>
    <small>kept, {{ (report.cleaning.kept / report.rows) | percent }}</small></div>
  {% endif %}
  {% set kept = report.cleaning.kept if report.cleaning else report.rows %}
  {% for name, split in report.splits.items() %}
  <div class="tile"><b>{{ split.rows | count }}</b>
    <small>{{ name }}{% if kept %}, {{ (split.rows / kept) | percent }}{% endif %}</small></div>
  {% endfor %}
</div>

{% if report.failures %}
<h2>What does not hold</h2>
{% for outcome in report.failures %}
<div class="card failure">
  <b>{{ outcome.expectation.sentence }}</b>
  <div class="dim">
    {% if outcome.first and outcome.first[0].row is none %}{{ outcome.found() }}
    {% else %}{{ outcome.failed | count }} of {{ outcome.checked | count }} rows ({{ outcome.share | percent }})
    {% endif %}
    {% if outcome.expectation.allowed not in outcome.expectation.sentence %}
 · allowed: {{ outcome.expectation.allowed }}
    {% endif %} · <code>{{ outcome.expectation.key }}</code></div>
  {% if outcome.first and outcome.first[0].row is not none %}
  <table class="plain"><tr><th class="number">Row</th><th>Value</th></tr>
  {% for found in outcome.first %}
  <tr><td class="number">{{ found.row }}</td><td class="wide">{{ found.value | value }}</td></tr>
  {% endfor %}
  {% if outcome.failed > outcome.first | length %}
  <tr><td></td><td class="dim">and {{ (outcome.failed - outcome.first | length) | count }} more</td></tr>
  {% endif %}
  </table>
  {% endif %}
</div>
{% endfor %}
{% endif %}

{% if classes %}
<h2>Classes of each split</h2>
<div class="card"><table class="plain"><tr><th>Class</th>
{% for name in report.splits %}<th>{{ name }}</th>{% endfor %}</tr>
{% for class in classes[:most] %}
<tr><td>{{ class }}</td>
  {% for split in report.splits.values() %}
  {% set rows = split.classes[class] %}
  {% set width = 100 * rows / ([1, split.classes.values() | max] | max) %}
  <td><div class="share"><div class="track"><i style="width: {{ width | round(1) }}%"></i></div><span>
    {{- rows | count }} {% if split.rows %}<span class="dim">{{ (rows / split.rows) | percent }}</span>{% endif -%}
    </span></div></td>
  {% endfor %}</tr>
{% endfor %}
{% if classes | length > most %}
<tr><td class="dim" colspan="4">and {{ classes | length - most }} more classes</td></tr>
{% endif %}
</table></div>
{% elif report.splits and target_is_number %}
<h2>Target of each split</h2>
<div class="card"><table class="plain"><tr><th>Split</th><th class="number">Rows</th><th class="number">Mean</th>
  <th class="number">Standard deviation</th></tr>
{% for name, split in report.splits.items() %}
<tr><td>{{ name }}</td><td class="number">{{ split.rows | count }}</td>
  <td class="number">{{ split.mean | short if split.mean is not none else "–" }}</td>
  <td class="number">{{ split.std | short if split.std is not none else "–" }}</td></tr>
{% endfor %}
</table></div>
{% endif %}

{% include "texts" %}
{% include "series" %}
{% include "cleaning" %}
<h2>Columns</h2>
<div class="card"><table class="plain"><tr><th>Column</th><th class="number">Missing</th>
  <th class="number">Distinct</th><th>Values</th></tr>
{% for column in report.columns %}
<tr><td class="name">{{ column.name }}<br><small>{{ column.type }}
  {%- if column.role != "feature" %}, {{ column.role }}{% endif %}
  </small></td>
  <td class="number">{{ column.missing | count }}</td><td class="number">{{ column.distinct | count }}</td><td>
  {% if column.histogram %}
  <svg width="144" height="24" role="img" aria-label="distribution of {{ column.name }}">
  {%- for bar in bars(column.histogram) if bar.height %}
<rect x="{{ bar.x }}" y="{{ bar.y }}" width="5" height="{{ bar.height }}"/>
  {%- endfor %}</svg>
  <small>{{ column.min | short }} to {{ column.max | short }}, mean {{ column.mean | short }}</small>
  {% elif column.top %}
  <div class="tops">{% for value, rows in column.top.items() %}<div class="top">{{ value | cut(60) }}
    <span>{{ (rows / report.rows) | percent }}</span></div>{% endfor %}
  {% if column.distinct > column.top | length %}
  <small>and {{ (column.distinct - column.top | length) | count }} more</small>{% endif %}</div>
  {% else %}<small>no value</small>{% endif %}</td></tr>
{% endfor %}
</table></div>

<h2>All expectations</h2>
<div class="card"><table class="plain"><tr><th></th><th>Expectation</th><th class="number">Checked</th>
  <th class="number">Failed</th><th>Declared at</th></tr>
{% for outcome in report.outcomes %}
<tr>{% if outcome.success is none %}<td class="mark dim" title="not checked">?</td>
  {% elif outcome.success %}<td class="mark good" title="holds">✓</td>
  {% else %}<td class="mark bad" title="does not hold">✗</td>{% endif %}
  <td class="wide">{{ outcome.expectation.sentence }}
    {%- if outcome.reason %}<br><small>not checked: {{ outcome.reason }}</small>{% endif %}</td>
  <td class="number">{{ outcome.checked | count if outcome.success is not none else "–" }}</td>
  <td class="number">{{ outcome.failed | count if outcome.success is not none else "–" }}</td>
  <td><code class="dim">{{ outcome.expectation.key }}</code></td></tr>
{% endfor %}
</table></div>
<p class="dim">Rows are counted from 0, as in the raw table. Expectations are declared in the dataset's entry of
<code>datasets.yaml</code> and checked by Great Expectations.</p>
</main></body></html>
"""
