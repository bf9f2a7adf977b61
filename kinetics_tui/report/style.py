"""The style of the page; colours that stand side by side differ in lightness, and so in grey too."""

STYLE = """\
:root {
  --paper: #ffffff; --ink: #1f2328; --dim: #59636e; --line: #d1d9e0; --soft: #f3f5f7;
  --done: #2563b8; --failed: #c2410c; --left: #d5dbe1; --bar: #2563b8; --note: #9a3412;
  --d0: #2563b8; --d1: #e0a100; --d2: #8a94a0; --d3: #c2410c; --d4: #7c2d92; --d5: #0f8a7e;
  --d6: #dde3e9; --d7: #b9a7d6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --ink: #e3e7eb; --dim: #98a2ad; --line: #343b43; --soft: #1d2125;
    --done: #6aa5f0; --failed: #f08a4b; --left: #3a424b; --bar: #6aa5f0; --note: #f0a36b;
    --d0: #6aa5f0; --d1: #e3b341; --d2: #7d8893; --d3: #f08a4b; --d4: #c48ad9; --d5: #4fc4b5;
    --d6: #2b323a; --d7: #75639b;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main { max-width: 860px; margin: 0 auto; padding: 24px 20px 64px; }
h1 { font-size: 26px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 36px 0 10px; padding-bottom: 4px; border-bottom: 1px solid var(--line); }
h3 { font-size: 14px; font-weight: 600; color: var(--dim); margin: 14px 0 6px; }
p { margin: 6px 0; overflow-wrap: anywhere; }
.lead { font-size: 18px; }
.dim { color: var(--dim); }
.note { color: var(--note); }
svg { display: block; width: 100%; height: auto; margin: 6px 0; }
svg text { font-size: 12px; fill: var(--ink); font-variant-numeric: tabular-nums; white-space: pre; }
svg .figures { fill: var(--dim); }
.axis { stroke: var(--line); stroke-width: 1; }
.done { fill: var(--done); background: var(--done); }
.failed { fill: var(--failed); background: var(--failed); }
.left { fill: var(--left); background: var(--left); }
.bar { fill: var(--bar); }
.doing-0 { fill: var(--d0); } .doing-1 { fill: var(--d1); } .doing-2 { fill: var(--d2); }
.doing-3 { fill: var(--d3); } .doing-4 { fill: var(--d4); } .doing-5 { fill: var(--d5); }
.doing-6 { fill: var(--d6); } .doing-7 { fill: var(--d7); }
.legend { color: var(--dim); font-size: 13px; }
.legend span { margin-right: 18px; white-space: nowrap; }
.legend i { display: inline-block; width: 11px; height: 11px; margin-right: 6px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; margin: 6px 0; }
th, td { padding: 3px 12px 3px 0; text-align: right; border-bottom: 1px solid var(--line); }
th { color: var(--dim); font-weight: 600; }
th.words, td.words { text-align: left; background: none; }
details { margin: 8px 0; }
summary { cursor: pointer; color: var(--done); }
.pair { display: flex; flex-wrap: wrap; gap: 0 40px; }
.pair > div { flex: 1 1 340px; }
@media print { details { display: none; } }
"""
