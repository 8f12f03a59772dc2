// What the held-out photos say about a model: which classes are confused, which photos are wrong, and what to do.

import type { ClassExamples, TestResults } from './protocol.js';
import { thumbnailOf } from './thumbnailOf.js';

/** Shows the answers for the photos that were not learned from. */
export async function showTestResults(place: HTMLElement, classes: readonly ClassExamples[], results: TestResults): Promise<void> {
  const { confusionMatrix, wrong } = results;
  place.hidden = false;
  place.replaceChildren(
    heading('How well it answers'),
    paragraph(adviceOf(results)),
    confusionTable(
      classes.map(({ name }) => name),
      confusionMatrix,
    ),
  );
  if (wrong.length === 0) return;
  const list = document.createElement('ul');
  list.className = 'wrong';
  for (const { label, predicted, picture } of wrong) {
    const item = document.createElement('li');
    const thumbnail = await thumbnailOf(classes[label]?.pictures[picture] as Blob);
    item.append(thumbnail ?? '', ` ${classes[label]?.name ?? ''}, taken for ${classes[predicted]?.name ?? ''}`);
    list.append(item);
  }
  place.append(heading('Wrong answers'), list);
}

/** The weakest class, with what helps. */
function adviceOf({ count, perClass }: TestResults): string {
  const tested = `Tested with ${count} photos that it did not learn from.`;
  const [weakest] = perClass.filter(({ support }) => support > 0).sort((a, b) => a.recall - b.recall);
  if (weakest !== undefined && weakest.recall < 1) {
    const { name, support, recall } = weakest;
    const wrong = Math.round(support * (1 - recall));
    return `${tested} Add more photos of ${name}: ${wrong} of ${support} were taken for another class.`;
  }
  return `${tested} All answers are right.${count < 30 ? ' With so few photos, that can be luck: more photos make it certain.' : ''}`;
}

function confusionTable(names: readonly string[], counts: TestResults['confusionMatrix']): HTMLElement {
  const table = document.createElement('table');
  const caption = table.createCaption();
  caption.textContent = 'Rows: what the photo shows. Columns: the answer.';
  const head = table.createTHead().insertRow();
  head.append(cell('td', ''), ...names.map((name) => cell('th', name, 'col')));
  const body = table.createTBody();
  names.forEach((name, label) => {
    const row = body.insertRow();
    row.append(cell('th', name, 'row'));
    names.forEach((_, predicted) => {
      const count = counts[label]?.[predicted] ?? 0;
      const entry = cell('td', String(count));
      if (count > 0) entry.className = label === predicted ? 'right' : 'mistake';
      row.append(entry);
    });
  });
  // Many classes scroll inside of the page. A region that scrolls must be reachable by keyboard.
  const region = document.createElement('div');
  region.className = 'scrolls';
  region.tabIndex = 0;
  region.role = 'region';
  region.ariaLabel = 'Confused classes';
  region.append(table);
  return region;
}

function cell(kind: 'td' | 'th', text: string, scope?: 'row' | 'col'): HTMLTableCellElement {
  const element = document.createElement(kind);
  element.textContent = text;
  if (scope !== undefined) element.scope = scope;
  return element;
}

function heading(text: string): HTMLElement {
  const element = document.createElement('h3');
  element.textContent = text;
  return element;
}

function paragraph(text: string): HTMLElement {
  const element = document.createElement('p');
  element.textContent = text;
  return element;
}
