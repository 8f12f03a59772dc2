// The style sheet and script of the report page. Its security policy allows both by their hashes.

/** All colors have a contrast of 4.5:1 to their background in both color schemes. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #565d66; --ground: #ffffff; --card: #f4f6f8; --line: #c9d0d8; --accent: #1d5fb8; --right: #1f6b30; --wrong: #b3261e; --hit1: #e3eefb; --hit2: #c5dcf7; --hit3: #a6caf3; --hit4: #86b7ee; --miss1: #fde5e3; --miss2: #f9c9c5; --miss3: #f4aaa4; --miss4: #ee8a82; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #a7afb9; --ground: #15181d; --card: #1e2329; --line: #3b434d; --accent: #82b4f5; --right: #7fd08f; --wrong: #ff9a92; --hit1: #1d2a3d; --hit2: #22395a; --hit3: #284a78; --hit4: #2f5c97; --miss1: #3a2222; --miss2: #5a2926; --miss3: #7c312c; --miss4: #9a3a33; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
header, main, footer { max-width: 78rem; margin: 0 auto; padding: 1rem clamp(1rem, 4vw, 2rem); }
h1 { font-size: 1.8rem; line-height: 1.2; margin: 1rem 0 .25rem; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p { max-width: 44rem; margin: .5rem 0; }
.soft { color: var(--soft); }
a { color: var(--accent); }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--ground); padding: .25rem .75rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0; margin: .75rem 0 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.75rem, 1fr)); gap: .75rem; margin: 0; }
.tiles div { background: var(--card); border-radius: .5rem; padding: .6rem .85rem; }
.tiles dt { color: var(--soft); font-size: .85rem; }
.tiles dd { margin: 0; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
.tiles dd small { display: block; font-size: .8rem; color: var(--soft); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem; align-items: start; }
.charts > * { min-width: 0; }
figure { margin: 0; min-width: 0; max-width: 100%; }
.chart { overflow-x: auto; }
.chart svg { display: block; }
.scroll + figure { margin-top: 1.5rem; }
.scroll { overflow: auto; max-height: 34rem; border: 1px solid var(--line); border-radius: .5rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .92rem; }
caption { text-align: left; padding: .5rem .75rem; color: var(--soft); }
th, td { padding: .3rem .75rem; text-align: right; white-space: nowrap; }
th:first-child, td:first-child, .text { text-align: left; }
thead th { position: sticky; top: 0; background: var(--card); border-bottom: 1px solid var(--line); font-weight: 600; }
tbody tr:nth-child(even) { background: var(--card); }
tbody th { font-weight: 400; }
th button { all: unset; cursor: pointer; }
th button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
th button::after { content: " \\2195"; color: var(--soft); }
th[aria-sort=ascending] button::after { content: " \\2191"; color: inherit; }
th[aria-sort=descending] button::after { content: " \\2193"; color: inherit; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: 1.25rem; list-style: none; padding: 0; margin: .75rem 0 0; }
.gallery li { background: var(--card); border-radius: .5rem; padding: .75rem; min-width: 0; scroll-margin-top: 1rem; break-inside: avoid; }
.gallery .pair { display: flex; gap: .5rem; }
.gallery figure { flex: 1 1 0; }
.gallery img { display: block; width: 100%; height: 9rem; object-fit: contain; background: var(--ground); border-radius: .25rem; }
figcaption { color: var(--soft); font-size: .8rem; overflow-wrap: anywhere; }
.gallery p { margin: .4rem 0 0; overflow-wrap: anywhere; }
.gallery li:target, .names li:target { outline: 3px solid var(--accent); outline-offset: 2px; }
.names { padding-left: 1.25rem; margin: .5rem 0; } .names li { overflow-wrap: anywhere; }
details { border-bottom: 1px solid var(--line); padding: .5rem 0; max-width: 100%; }
summary { cursor: pointer; font-weight: 600; padding: .25rem 0; overflow-wrap: anywhere; }
.advice { background: var(--card); border-left: .25rem solid var(--accent); border-radius: .25rem; padding: .75rem 1rem .75rem 2.25rem; margin: 0 0 1.25rem; max-width: 60rem; }
.advice li + li { margin-top: .4rem; }
.matrix table { width: auto; } .matrix td { min-width: 2.6rem; padding: .3rem .4rem; text-align: center; border: 1px solid var(--line); }
.matrix tbody tr:nth-child(even) { background: none; } .matrix a { display: block; color: var(--ink); }
.matrix thead th:not(:first-child) { vertical-align: bottom; padding: .4rem .3rem; } .matrix thead th span { writing-mode: vertical-rl; transform: rotate(180deg); }
.matrix th:first-child { position: sticky; left: 0; background: var(--card); white-space: normal; max-width: 9rem; overflow-wrap: anywhere; }
.hit1 { background: var(--hit1); } .hit2 { background: var(--hit2); } .hit3 { background: var(--hit3); } .hit4 { background: var(--hit4); }
.miss1 { background: var(--miss1); } .miss2 { background: var(--miss2); } .miss3 { background: var(--miss3); } .miss4 { background: var(--miss4); }
.right { color: var(--right); } .wrong { color: var(--wrong); }
.settings { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem; margin: 0; }
.settings dd { margin: 0; overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: .85rem; padding-bottom: 3rem; }
@media (max-width: 30rem) { .settings { grid-template-columns: 1fr; gap: 0; } .settings dd { margin-bottom: .5rem; } }
@media (min-width: 60rem) { .chart svg { max-width: 100%; height: auto; } }
@media print { .chart svg { max-width: 100%; height: auto; } .scroll { max-height: none; overflow: visible; } nav, .skip { display: none; } figure, .tiles div, tr, .advice { break-inside: avoid; } h2, h3, summary { break-after: avoid; } }
`;

/**
 * Sorts a table by the column whose heading is selected: text alphabetically, numbers by value, empty cells last. Opens the folded part
 * that a link leads to, and every folded part before printing.
 */
export const SCRIPT = `
for (const button of document.querySelectorAll('th button')) {
  button.addEventListener('click', () => {
    const heading = button.closest('th');
    const table = heading.closest('table');
    const column = [...heading.parentElement.children].indexOf(heading);
    const isText = heading.classList.contains('text');
    const before = heading.getAttribute('aria-sort');
    const direction = before === null ? (isText ? 'ascending' : 'descending') : before === 'ascending' ? 'descending' : 'ascending';
    for (const other of heading.parentElement.children) other.removeAttribute('aria-sort');
    heading.setAttribute('aria-sort', direction);
    const sign = direction === 'ascending' ? 1 : -1;
    const body = table.tBodies[0];
    const keyOf = (row) => (isText ? row.cells[column].textContent : parseFloat(row.cells[column].dataset.value));
    const rows = [...body.rows].map((row) => ({ row, key: keyOf(row) }));
    rows.sort((a, b) => {
      if (isText) return sign * a.key.localeCompare(b.key, 'en', { numeric: true });
      if (Number.isNaN(a.key) || Number.isNaN(b.key)) return Number(Number.isNaN(a.key)) - Number(Number.isNaN(b.key));
      return sign * (a.key - b.key);
    });
    body.append(...rows.map(({ row }) => row));
    document.getElementById('announce').textContent = 'Sorted by ' + button.textContent + ', ' + direction + '.';
  });
}
const reveal = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const folded = target === null ? null : target.closest('details');
  if (folded === null) return;
  folded.open = true;
  target.scrollIntoView();
};
addEventListener('hashchange', reveal);
addEventListener('beforeprint', () => { for (const folded of document.querySelectorAll('details')) folded.open = true; });
reveal();
`;

/** Returns a security policy that allows only this style and this script, and nothing from other origins. */
export async function securityPolicy(): Promise<string> {
  const hash = async (content: string): Promise<string> => {
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(content));
    return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`;
  };
  return (
    `default-src 'none'; img-src data:; style-src ${await hash(STYLE)}; script-src ${await hash(SCRIPT)}; base-uri 'none'; ` +
    `form-action 'none'`
  );
}
