// What the held-out photos say about a model: which classes are confused, which photos are wrong, and what to do.

import type { ClassExamples, TestAnswer } from './protocol.js';
import { thumbnailOf } from './thumbnailOf.js';

/** Shows the answers for the photos that were not learned from. */
export async function showTestResults(
  place: HTMLElement,
  classes: readonly ClassExamples[],
  answers: readonly TestAnswer[],
): Promise<void> {
  place.hidden = answers.length === 0;
  const wrong = answers.filter(({ label, predicted }) => label !== predicted);
  place.replaceChildren(
    heading('How well it answers'),
    paragraph(adviceOf(classes, answers)),
    confusionTable(
      classes.map(({ name }) => name),
      answers,
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
function adviceOf(classes: readonly ClassExamples[], answers: readonly TestAnswer[]): string {
  const counts = classes.map(({ name }, label) => {
    const own = answers.filter((answer) => answer.label === label);
    return { name, total: own.length, wrong: own.filter(({ predicted }) => predicted !== label).length };
  });
  const tested = `Tested with ${answers.length} photos that it did not learn from.`;
  const share = ({ wrong, total }: (typeof counts)[number]): number => (total === 0 ? 0 : wrong / total);
  const weakest = counts.reduce((worst, each) => (share(each) > share(worst) ? each : worst));
  if (weakest.wrong > 0) {
    return `${tested} Add more photos of ${weakest.name}: ${weakest.wrong} of ${weakest.total} were taken for another class.`;
  }
  return `${tested} All answers are right.${answers.length < 30 ? ' With so few photos, that can be luck: more photos make it certain.' : ''}`;
}

function confusionTable(names: readonly string[], answers: readonly TestAnswer[]): HTMLElement {
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
      const count = answers.filter((answer) => answer.label === label && answer.predicted === predicted).length;
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
