"""A card as one self-contained HTML page, readable in light and in dark: no script, no network, pictures inside."""

import base64
import re
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from remint.registry.cards.blocks import Card, Table

_HALF, _WHOLE = 700, 1150
"Pixels of a picture that can be read in half of the page's column, and in the whole; a wider one gets more room."
_CODE = re.compile(r"`([^`]+)`")


def page(card: Card, folder: Path) -> str:
    """Render a card with the pictures of `folder/plots`. The same for the same card and pictures."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"inline": _inline, "kind": lambda block: type(block).__name__, "number": _number}
    environment.globals["picture"] = lambda name: _picture(folder / "plots" / f"{name}.png")
    return environment.from_string(TEMPLATE).render(card=card, STYLE=Markup(STYLE))


def _inline(text: str) -> Markup:
    """Write plain text as HTML: code where backticks are, a link where it is an address."""
    if re.fullmatch(r"https?://[^\s<>]+", text):
        return Markup('<a href="{0}">{0}</a>').format(text)
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def _number(table: Table, column: int) -> Markup:
    """Give the attribute of a cell that holds a figure."""
    return Markup(' class="number"' if column >= table.texts else "")


def _picture(file: Path) -> dict[str, str]:
    """Give a PNG as an address that holds it, and its form: `half` of the page's width, the `whole`, or `wide`r."""
    content = file.read_bytes()
    width = int.from_bytes(content[16:20], "big")
    form = "half" if width <= _HALF else "whole" if width <= _WHOLE else "wide"
    return {"address": "data:image/png;base64," + base64.b64encode(content).decode(), "form": form}


STYLE = """
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #fff; --ink: #1b2330; --dim: #657083; --line: #e1e5eb;
  --good: #15803d; --good-soft: #e3f5e9; --bad: #b91c1c; --bad-soft: #fdeaea; --mark: #fff7e0; --code: #eef1f5; }
@media (prefers-color-scheme: dark) { :root { --ground: #10141b; --card: #181e28; --ink: #e4e8ee; --dim: #93a0b4;
  --line: #2b3442; --good: #5fd38a; --good-soft: #16331f; --bad: #ff8f8f; --bad-soft: #3d1c1f; --mark: #38311c;
  --code: #232b38; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "Noto Sans",
  "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei",
  "WenQuanYi Micro Hei", sans-serif; }
main { max-width: 920px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 28px; margin: 0; } h2 { font-size: 18px; margin: 36px 0 12px; } p { margin: 8px 0; max-width: 46em; }
small { color: var(--dim); font-size: 13px; } a { color: inherit; }
code, pre { font: 13px/1.5 ui-monospace, Menlo, Consolas, monospace; background: var(--code); border-radius: 4px; }
code { padding: 1px 4px; overflow-wrap: anywhere; } pre { padding: 12px 16px; overflow-x: auto; border-radius: 10px; }
header { display: flex; flex-wrap: wrap; gap: 12px; align-items: center; justify-content: space-between; }
.verdict { padding: 8px 16px; border-radius: 999px; font-weight: 600; }
.good { color: var(--good); background: var(--good-soft); } .bad { color: var(--bad); background: var(--bad-soft); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin-top: 20px; }
.tile, .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.tile { padding: 12px 16px; } .tile b { display: block; font-size: 22px; font-weight: 600; }
.card { margin: 12px 0; overflow-x: auto; width: fit-content; max-width: 100%; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { text-align: left; font-size: 12px; font-weight: 600; color: var(--dim); }
th, td { padding: 6px 16px; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child > * { border-bottom: 0; } .number { text-align: right; white-space: nowrap; }
.facts th { font-size: 14px; font-weight: 400; white-space: nowrap; } .facts td { overflow-wrap: anywhere; }
.mark td { background: var(--mark); } ul { padding-left: 20px; margin: 8px 0; } li { margin: 4px 0; max-width: 46em; }
.plots { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 12px; margin: 12px 0; }
.plots img { max-width: 100%; background: #fff; border: 1px solid var(--line); border-radius: 10px; padding: 8px; }
.plots .half { max-width: max(280px, calc(50% - 6px)); } .plots .wide { --room: min(1400px, 100vw - 40px);
  width: var(--room); max-width: none; margin-left: calc(50% - var(--room) / 2); }
summary { cursor: pointer; color: var(--dim); }
@media print { body { background: none; } .card, .tile, img { break-inside: avoid; } }
"""

TEMPLATE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ card.title }}: model card</title><style>{{ STYLE }}</style></head><body><main>
<header>
  <div><small>{{ card.subtitle }}</small><h1>{{ card.title }}</h1></div>
  {% if card.verdict %}
  {% set good = card.verdict[0] %}
  <div class="verdict {{ "good" if good else "bad" }}">{{ "✓" if good else "✗" }} {{ card.verdict[1] }}</div>
  {% endif %}
</header>
<div class="tiles">
  {% for value, name in card.tiles %}
  <div class="tile"><b>{{ value }}</b><small>{{ name }}</small></div>
  {% endfor %}
</div>
{% for section in card.sections %}
<h2>{{ section.title }}</h2>
{% for block in section.blocks %}
{% set kind = block | kind %}
{% if kind == "Text" %}
<p>{{ block.text | inline }}</p>
{% elif kind == "Bullets" %}
<ul>{% for item in block.items %}<li>{{ item | inline }}</li>{% endfor %}</ul>
{% elif kind == "Table" %}
<div class="card"><table><tr>
  {%- for cell in block.head %}<th{{ block | number(loop.index0) }}>{{ cell }}</th>{% endfor %}</tr>
{% for row in block.rows %}
{% set marked = loop.index0 in block.marked %}
<tr{% if marked %} class="mark"{% endif %}>
  {%- for cell in row %}<td{{ block | number(loop.index0) }}>{{ cell | inline }}</td>{% endfor %}</tr>
{% endfor %}
</table></div>
{% elif kind == "Facts" %}
<div class="card"><table class="facts">
{% for name, value in block.facts %}
<tr><th>{{ name }}</th><td>{{ value | inline }}</td></tr>
{% endfor %}
</table></div>
{% elif kind == "Plots" and block.names %}
<div class="plots">
{% for name in block.names %}
{% set drawn = picture(name) %}
<img class="{{ drawn.form }}" src="{{ drawn.address }}" alt="{{ name }}">
{% endfor %}
</div>
{% elif kind == "Code" %}
{% if block.folded %}
<details><summary>{{ block.folded }}</summary><pre>{{ block.text }}</pre></details>
{% else %}
<pre>{{ block.text }}</pre>
{% endif %}
{% endif %}
{% endfor %}
{% endfor %}
</main></body></html>
"""
