"""The style sheet of displays, which apply to them alone."""

from chainrule.insight.pages.chart import chart_style

__all__ = ["SCOPE", "STYLE"]

SCOPE = "chainrule"
"""The class of the element that a display is."""

_RULES = """
{--ink:currentColor;--soft:color-mix(in srgb,currentColor 70%,transparent);
--rule:rgb(128 128 128/.3);--panel:rgb(128 128 128/.1);
--c0:#1a86c8;--c1:#D55E00;--c2:#009E73;--c3:#CC79A7;
font:14px/1.45 system-ui,sans-serif;max-width:62rem;overflow-wrap:break-word}
p{margin:.3em 0}
.soft,.note,small{color:var(--soft);font-size:.92em}
.n{text-align:right;font-variant-numeric:tabular-nums}
summary{cursor:pointer;padding:.2em .4em;border-radius:4px}
summary:hover{background:var(--panel)}
.root{padding-left:0}
.leaf{padding:.2em .4em .2em 1.45em}
.row{display:inline-flex;flex-wrap:wrap;gap:0 .8em;width:calc(100% - 1.3em);vertical-align:top;
align-items:baseline}
.row>*{flex:0 0 auto}
.row>.name{flex:0 1 13rem;min-width:7rem;font-weight:600}
.row>.kind,.row>.shape{min-width:9rem}
.row>.n{min-width:5.5rem}
.inner{margin-left:.75em;padding:.1em 0 .3em .9em;border-left:1px solid var(--rule)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;margin:.3em 0;font-size:.93em;border:0;color:inherit}
tbody tr:nth-child(n),thead tr:nth-child(n){background:none;border:0}
th,td{text-align:left;padding:.2em 1.1em .2em 0;border:0;border-bottom:1px solid var(--rule);
vertical-align:middle;max-width:24rem;font-weight:400;color:inherit;background:none;white-space:normal}
th{color:var(--soft)}
th.n,td.n{text-align:right;white-space:nowrap}
td:first-child{font-weight:600}
img{image-rendering:pixelated;display:block;border:1px solid var(--rule);margin:.15em 0;
max-width:none}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,17rem),1fr));
gap:.4em 1.4em;margin:.3em 0}
.charts>.chart{max-width:25rem}
.chart svg{display:block;width:100%;height:auto;max-width:none}
.hist{display:block;fill:var(--c0)}
.bar{display:flex;height:.45em;background:var(--panel);border-radius:1em;overflow:hidden;
margin:.35em 0;max-width:36rem}
.bar>span{background:var(--c0);border-radius:1em}
.quantities{display:flex;flex-wrap:wrap;gap:0 1.3em}
.quantities b{font-variant-numeric:tabular-nums}
pre{margin:.3em 0;padding:.2em .9em;color:inherit;background:none;border:0;
border-left:3px solid var(--c1);overflow-x:auto;font-size:13px;line-height:1.4}
.right pre{border-color:var(--c2)}
code{color:inherit;background:var(--panel);padding:.05em .3em;border-radius:3px;font-size:.93em}
"""


def _scoped(rules: str, scope: str) -> str:
    """Return rules that apply within an element, each selector of a rule by itself."""
    parts: list[str] = []
    for rule in filter(None, rules.replace("\n", "").split("}")):
        selectors, _, body = rule.partition("{")
        scoped = ",".join(f"{scope} {each}".rstrip() for each in selectors.split(","))
        parts.append(f"{scoped}{{{body}}}\n")
    return "".join(parts)


# The class twice: the rules of JupyterLab for tables are as specific as those of one class.
STYLE = _scoped(_RULES, f".{SCOPE}.{SCOPE}") + chart_style(f".{SCOPE}.{SCOPE}")
