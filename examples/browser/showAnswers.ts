import type { Answer } from './protocol.js';

/** Replaces the items of a list with answers: name, probability and a bar. */
export function showAnswers(place: HTMLElement, answers: readonly Answer[]): void {
  place.replaceChildren(
    ...answers.map(({ name, probability }) => {
      const item = document.createElement('li');
      const bar = document.createElement('meter');
      bar.value = probability;
      bar.ariaLabel = 'probability';
      item.append(span(name), ' ', span(probability.toFixed(3)), ' ', bar);
      return item;
    }),
  );
}

function span(text: string): HTMLElement {
  const element = document.createElement('span');
  element.textContent = text;
  return element;
}
