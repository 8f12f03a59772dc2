// The form of classes to learn: a name and some pictures each, from files or the camera.

import type { ClassExamples } from './protocol.js';

interface ClassFormOptions {
  /** A picture from the camera, when it is on. */
  readonly snapshot: () => Promise<Blob> | undefined;
  /** Hears which classes are complete. */
  readonly onChange: (classes: readonly ClassExamples[]) => void;
}

/** What the page does with the form. */
interface ClassForm {
  add(): void;
  /** The classes with a name and pictures. */
  classes(): readonly ClassExamples[];
}

/** Fills `place` with two empty classes. */
export function classForm(place: HTMLElement, { snapshot, onChange }: ClassFormOptions): ClassForm {
  const rows: { name: HTMLInputElement; pictures: Blob[] }[] = [];
  const classes = (): ClassExamples[] =>
    rows
      .map(({ name, pictures }) => ({ name: name.value.trim(), pictures }))
      .filter(({ name, pictures }) => name !== '' && pictures.length > 0);

  const add = (): void => {
    const field = document.createElement('fieldset');
    const name = labeled('Name', { type: 'text' });
    const files = labeled('Pictures', { type: 'file', accept: 'image/*', multiple: true });
    const shoot = document.createElement('button');
    const count = document.createElement('p');
    const row = { name: name.input, pictures: [] as Blob[] };
    const changed = (): void => {
      count.textContent = `${row.pictures.length} pictures`;
      onChange(classes());
    };
    shoot.type = 'button';
    shoot.textContent = 'Add what the camera sees';
    shoot.addEventListener('click', () => {
      const taken = snapshot();
      void taken?.then((picture) => {
        row.pictures.push(picture);
        changed();
      });
    });
    files.input.addEventListener('change', () => {
      row.pictures.push(...Array.from(files.input.files ?? []));
      changed();
    });
    name.input.addEventListener('input', changed);
    rows.push(row);
    const legend = document.createElement('legend');
    legend.textContent = `Class ${rows.length}`;
    field.append(legend, name.label, files.label, shoot, count);
    place.append(field);
    changed();
  };
  add();
  add();
  return { add, classes };
}

function labeled(
  text: string,
  attributes: Readonly<Record<string, string | boolean>>,
): { label: HTMLLabelElement; input: HTMLInputElement } {
  const label = document.createElement('label');
  const input = document.createElement('input');
  Object.assign(input, attributes);
  label.append(`${text} `, input);
  return { label, input };
}
