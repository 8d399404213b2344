"""Parts of the report's page that not every dataset has: texts, series, cleaning."""

TEXTS = """
{% if report.texts %}
{% set texts = report.texts %}
<h2>Texts</h2>
<div class="card"><table class="plain">
<tr><th>Characters a text</th><td>
  <svg width="144" height="24" role="img" aria-label="distribution of lengths">
  {%- for bar in bars(texts.histogram) if bar.height %}
<rect x="{{ bar.x }}" y="{{ bar.y }}" width="5" height="{{ bar.height }}"/>
  {%- endfor %}</svg>
  <small>{{ texts.min | count }} to {{ texts.max | count }}, median {{ texts.median | short }},
    mean {{ texts.mean | short }}</small></td></tr>
<tr><th>Different characters</th><td>{{ texts.characters | count }}</td></tr>
{% if texts.tokens == "words" %}
<tr><th>Different words</th><td>{{ texts.vocabulary | count }}</td></tr>
{% endif %}
<tr><th>Unseen in train</th><td>
  {%- for split, share in texts.unknown.items() %}{{ ", " if not loop.first }}{{ share | percent }} of {{ split }}
  {%- endfor %} <small>{{ texts.tokens }}</small></td></tr>
<tr><th>Most frequent</th><td><div class="tops">
  {%- for token, count in texts.top.items() %}<div class="top">{{ token }} <span>{{ count | count }}</span></div>
  {%- endfor %}</div></td></tr>
</table></div>
<div class="card"><table class="plain"><tr><th class="number">Row</th><th class="number">Characters</th>
  <th>Split</th>{% if texts.examples[0].target %}<th>Target</th>{% endif %}<th>Text</th></tr>
{% for example in texts.examples %}
<tr><td class="number">{{ example.row }}</td>
  <td class="number">{{ example.characters | count }}{% if example.kind != "in between" %}<br>
    <small>{{ example.kind }}</small>{% endif %}</td>
  <td>{{ example.split }}</td>{% if example.target %}<td>{{ example.target }}</td>{% endif %}
  <td class="text">{{ example.text }}</td></tr>
{% endfor %}
</table></div>
{% endif %}
"""

SERIES = """
{% if report.series %}
<h2>Series</h2>
<div class="card"><table class="plain"><tr><th>Series</th><th>From</th><th>To</th>
  <th class="number">Rows</th><th class="number">Steps of {{ report.series.step }} missing</th></tr>
{% for group in report.series.groups[:most] %}
<tr><td class="name">{{ group.group or "all rows" }}</td><td class="name">{{ group.start }}</td>
  <td class="name">{{ group.end }}</td><td class="number">{{ group.rows | count }}</td>
  <td class="number">{{ group.gaps | count }} <span class="dim">{{ group.share | percent }}</span></td></tr>
{% endfor %}
{% if report.series.groups | length > most %}
<tr><td class="dim" colspan="5">and {{ report.series.groups | length - most }} more series</td></tr>
{% endif %}
</table></div>
{% endif %}
"""

CLEANING = """
{% if report.cleaning %}
<h2>Cleaning</h2>
<div class="card"><table class="plain"><tr><th>Step</th><th class="number">Changes</th><th>Declared at</th></tr>
{% for step in report.cleaning.steps %}
<tr><td class="wide">{{ step.sentence }}</td>
  <td class="number">{{ step.count | count }} {{ step.changes if step.count != 1 else step.changes[:-1] }}
    <span class="dim">{{ step.share | percent }}</span></td>
  <td><code class="dim">{{ step.key }}</code></td></tr>
{% endfor %}
</table></div>
<p class="dim">{{ report.cleaning.kept | count }} of {{ report.cleaning.rows | count }} rows are kept. What is fitted is
fitted on train. Columns and the number of rows are checked before rows are left out; duplicates, splits, classes and
texts afterwards.</p>
{% endif %}
"""

PARTS = {"texts": TEXTS, "series": SERIES, "cleaning": CLEANING}
