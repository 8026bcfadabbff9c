/** The style of reports: light and dark, narrow and wide, screen and paper. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --ink: #1c2127; --soft: #5b6570; --faint: #8a949e; --line: #dfe3e8; --panel: #f5f7f9; --page: #ffffff;
  --accent: #2262b8; --best: #eaf2fc;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e4e8ec; --soft: #a2acb6; --faint: #78828c; --line: #30373f; --panel: #1c2228; --page: #14181c;
    --accent: #7fb2f0; --best: #1d2f45;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body {
  margin: 0; background: var(--page); color: var(--ink); overflow-wrap: break-word;
  font: 1rem/1.65 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
main { max-width: 58rem; margin: 0 auto; padding: clamp(1.5rem, 5vw, 4.5rem) clamp(1rem, 4vw, 2.5rem) 4rem; }
header { margin-bottom: 2.5rem; padding-bottom: 1.75rem; border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: clamp(1.75rem, 1.3rem + 2vw, 2.6rem); line-height: 1.15; letter-spacing: -0.022em; text-wrap: balance; }
.subtitle { max-width: 44rem; margin: 0.75rem 0 0; color: var(--soft); font-size: 1.13rem; line-height: 1.5; text-wrap: pretty; }
.made { margin: 0.9rem 0 0; color: var(--faint); font-size: 0.85rem; }
nav { display: flex; flex-wrap: wrap; gap: 0.35rem 1.25rem; margin-top: 1.4rem; font-size: 0.92rem; }
h2 { margin: 3.25rem 0 0.9rem; font-size: 1.5rem; line-height: 1.25; letter-spacing: -0.012em; scroll-margin-top: 1rem; text-wrap: balance; }
h3 { margin: 2.25rem 0 0.6rem; font-size: 1.13rem; line-height: 1.3; }
p { max-width: 44rem; margin: 0 0 1rem; text-wrap: pretty; }
a { color: var(--accent); text-decoration-thickness: 0.06em; text-underline-offset: 0.2em; }
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }
code { padding: 0.1em 0.35em; border-radius: 4px; background: var(--panel); font: 0.88em/1.4 ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
figure { margin: 2rem 0 2.5rem; }
figcaption { max-width: 44rem; margin-top: 0.8rem; color: var(--soft); font-size: 0.9rem; line-height: 1.5; text-wrap: pretty; }
figcaption b { color: var(--ink); font-weight: 600; }
.scroll { overflow-x: auto; }
.table figcaption { margin: 0 0 0.7rem; }
table { border-collapse: collapse; min-width: 100%; font-size: 0.94rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.6rem 0.9rem; text-align: right; vertical-align: baseline; white-space: nowrap; }
th:first-child, td:first-child { padding-left: 0.4rem; text-align: left; }
thead th { border-bottom: 2px solid var(--ink); color: var(--soft); font-size: 0.83rem; font-weight: 600; line-height: 1.35; white-space: normal; vertical-align: bottom; }
thead td { border-bottom: 2px solid var(--ink); }
tbody tr + tr > * { border-top: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 1px solid var(--line); }
tbody th { font-weight: 500; }
.tall { min-width: min(100%, 36rem); }
.tall th { white-space: normal; overflow-wrap: anywhere; }
td strong { padding: 0.12em 0.4em; margin-right: -0.4em; border-radius: 5px; background: var(--best); font-weight: 650; }
.paper { display: block; min-height: 1.2em; color: var(--faint); font-size: 0.8rem; line-height: 1.4; }
sup { margin-left: 0.15em; color: var(--accent); font-size: 0.7em; line-height: 0; }
.note, .notes { max-width: 44rem; margin: 0.8rem 0 0; color: var(--soft); font-size: 0.87rem; line-height: 1.5; }
.notes { padding-left: 1.4rem; }
.notes li::marker { color: var(--accent); }
.images { display: grid; gap: 0.5rem; align-items: start; width: fit-content; max-width: 100%; }
.image { display: block; min-width: 0; }
.image img { display: block; width: 100%; height: auto; border-radius: 3px; background: var(--panel); }
.image img.small { image-rendering: pixelated; }
.label, .column-title, .row-title { color: var(--soft); font-size: 0.8rem; line-height: 1.35; }
.label { display: block; margin-top: 0.3rem; overflow-wrap: anywhere; }
.column-title { align-self: end; font-size: 0.72rem; text-align: center; }
.row-title { align-self: center; max-width: 13rem; padding-right: 0.4rem; text-align: right; }
.plot { padding: 0.5rem 0 0; }
.plot svg { display: block; width: 100%; min-width: 34rem; max-width: 52rem; height: auto; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) minmax(0, 1fr); gap: 0; margin: 0; font-size: 0.92rem; }
dt, dd { margin: 0; padding: 0.42rem 0; border-top: 1px solid var(--line); }
dt { padding-right: 1.75rem; color: var(--soft); }
dd { overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
dd ul { margin: 0; padding-left: 1.1rem; }
dd pre { margin: 0; font: 0.86em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; white-space: pre-wrap; }
footer { margin-top: 4rem; padding-top: 1.1rem; border-top: 1px solid var(--line); color: var(--faint); font-size: 0.85rem; }
@media (max-width: 36rem) {
  dl { grid-template-columns: 1fr; }
  dt { padding-bottom: 0; }
  dd { padding-top: 0; border-top: 0; }
  .row-title { max-width: 5.5rem; text-align: left; }
}
@media print {
  :root { --ink: #000; --soft: #333; --faint: #555; --line: #bbb; --panel: #f2f2f2; --page: #fff; --accent: #000; --best: #eee; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  nav { display: none; }
  h2, h3 { break-after: avoid; }
  figure, tr, .image { break-inside: avoid; }
  a::after { content: " (" attr(href) ")"; font-size: 0.85em; }
  .scroll { overflow: visible; }
  .plot svg { min-width: 0; }
}
`;
