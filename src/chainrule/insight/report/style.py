"""The style sheet of reports: light and dark, from telephones to wide screens."""

from chainrule.insight.pages.chart import chart_style

__all__ = ["STYLE"]

STYLE = """
.report{--ink:#1b1f24;--soft:#5b6470;--paper:#fff;--panel:#f5f6f8;--rule:#d9dde3;--mark:#0072B2;
--c0:#0072B2;--c1:#B85500;--c2:#00795a;--c3:#a8457d;color-scheme:light dark;
color:var(--ink);background:var(--paper);font:16px/1.5 system-ui,sans-serif;max-width:66rem;
margin:0 auto;padding:1rem clamp(0.75rem,3vw,2.5rem) 3rem;overflow-wrap:break-word}
@media (prefers-color-scheme:dark){
.report{--ink:#e8eaed;--soft:#a3acb8;--paper:#16191d;--panel:#20252b;--rule:#3a424c;--mark:#6cbcf0;
--c0:#56B4E9;--c1:#f0a04b;--c2:#2fc79b;--c3:#e58fbf}
html:has(.report){background:#16191d}}
.report h1{font-size:1.7rem;line-height:1.2;margin:0.5rem 0}
.report h2{font-size:1.3rem;margin:2.2rem 0 0.6rem;padding-bottom:0.2rem;
border-bottom:1px solid var(--rule)}
.report h3{font-size:1.05rem;margin:1.3rem 0 0.4rem}
.report p{margin:0.5rem 0}.report .note,.report figcaption{color:var(--soft);font-size:0.9rem}
.report nav{display:flex;flex-wrap:wrap;gap:0.2rem 1.1rem;margin:0.8rem 0}
.report a{color:var(--mark)}
.report .scroll{overflow-x:auto}
.report table{border-collapse:collapse;font-size:0.9rem;margin:0.4rem 0}
.report th{text-align:left;font-weight:600;color:var(--soft)}
.report th,.report td{padding:0.22rem 1rem 0.22rem 0;border-bottom:1px solid var(--rule);
vertical-align:top;white-space:nowrap}
.report td.long{white-space:normal;min-width:15rem;overflow-wrap:anywhere}
.report .n{text-align:right;font-variant-numeric:tabular-nums}
.report .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:0.7rem;
margin:1rem 0;padding:0}
.report .facts div{background:var(--panel);border-radius:0.5rem;padding:0.6rem 0.9rem}
.report .facts dt{color:var(--soft);font-size:0.85rem}
.report .facts dd{margin:0;font-size:1.25rem;font-weight:600}
.report details{background:var(--panel);border-radius:0.5rem;padding:0.4rem 0.9rem;margin:0.4rem 0}
.report summary{cursor:pointer}
.report figure{margin:0.8rem 0}
.report svg{max-width:none}
.report .charts{display:grid;gap:0 2rem;margin:0.6rem 0;
grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr))}
.report .charts h3{margin-bottom:0}
.report .chart svg{display:block;width:100%;max-width:36rem;min-width:20rem;height:auto}
.report .tiles{display:grid;gap:0.8rem;margin:0.6rem 0;
grid-template-columns:repeat(auto-fill,minmax(5.3rem,1fr))}
.report .tiles.wide{grid-template-columns:repeat(auto-fill,minmax(10rem,1fr))}
.report .tiles figure{margin:0;text-align:center;min-width:0}
.report .tiles figcaption{line-height:1.3;margin-top:0.2rem}
.report .tiles img{display:block;width:100%;max-width:7rem;image-rendering:pixelated;
border-radius:0.25rem;margin:auto;border:1px solid var(--rule);box-sizing:border-box}
.report .tiles svg{display:block;width:100%;background:var(--panel);border-radius:0.25rem}
.report .tiles path{fill:none;stroke-width:1.5;vector-effect:non-scaling-stroke}
.report .tiles .c0{stroke:var(--c0)}.report .tiles .c1{stroke:var(--c1)}
.report .tiles .c2{stroke:var(--c2)}.report .tiles .c3{stroke:var(--c3)}
.report .confusion table{border-collapse:separate;border-spacing:1px}
.report .confusion td,.report .confusion th{padding:0.25rem 0.55rem;border:0;text-align:center;
font-variant-numeric:tabular-nums}
.report .confusion td{background:var(--panel)}
.report .confusion.many td,.report .confusion.many th{padding:0.15rem 0.2rem;font-size:0.75rem;
min-width:1.3rem}
.report .bar{display:inline-block;height:0.7em;background:var(--c0);border-radius:2px;
min-width:1px}
.report .bar-space{min-width:9rem}
@media print{.report details{break-inside:avoid}}
""" + chart_style(".report")
