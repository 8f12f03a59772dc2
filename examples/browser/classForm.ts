// The form of classes to learn: a name and some pictures each, from files or the camera.

import type { ClassExamples } from './protocol.js';

interface ClassFormOptions {
  /** A picture from the camera, when it is on. */
  readonly snapshot: () => Promise<Blob> | undefined;
  /** Hears what is missing before the classes can be learned, or `undefined` if nothing is. */
  readonly onChange: (missing: string | undefined) => void;
}

/** What the page does with the form. */
interface ClassForm {
  add(): void;
  classes(): readonly ClassExamples[];
}

/** Fills `place` with two empty classes. */
export function classForm(place: HTMLElement, { snapshot, onChange }: ClassFormOptions): ClassForm {
  let rows: { readonly name: HTMLInputElement; readonly pictures: Blob[] }[] = [];
  const classes = (): ClassExamples[] => rows.map(({ name, pictures }) => ({ name: name.value.trim(), pictures }));
  const changed = (): void => {
    onChange(whatIsMissing(classes()));
  };

  const add = (): void => {
    const field = document.createElement('fieldset');
    const name = labeled('Name', { type: 'text' });
    const files = labeled('Pictures', { type: 'file', accept: 'image/*', multiple: true });
    const shoot = button('Add what the camera sees');
    const remove = button('Remove this class');
    const photos = document.createElement('ul');
    photos.className = 'photos';
    const skipped = document.createElement('p');
    const row = { name: name.input, pictures: [] as Blob[] };

    const keep = async (picture: Blob, called: string): Promise<void> => {
      const thumbnail = await thumbnailOf(picture);
      if (thumbnail === undefined) {
        skipped.append(`${called} was left out: this browser cannot read it. `);
        return;
      }
      row.pictures.push(picture);
      const item = document.createElement('li');
      const discard = button('×');
      discard.ariaLabel = `Remove ${called}`;
      discard.addEventListener('click', () => {
        row.pictures.splice(row.pictures.indexOf(picture), 1);
        item.remove();
        changed();
      });
      item.append(thumbnail, discard);
      photos.append(item);
      changed();
    };

    shoot.addEventListener('click', () => {
      const taken = snapshot();
      void taken?.then((picture) => keep(picture, 'the picture of the camera'));
    });
    files.input.addEventListener('change', () => {
      skipped.textContent = '';
      for (const file of Array.from(files.input.files ?? [])) void keep(file, file.name);
      // The same file can be chosen again.
      files.input.value = '';
    });
    remove.addEventListener('click', () => {
      rows = rows.filter((each) => each !== row);
      field.remove();
      changed();
    });
    name.input.addEventListener('input', changed);
    rows.push(row);
    const legend = document.createElement('legend');
    legend.textContent = 'A class';
    field.append(legend, name.label, files.label, shoot, remove, photos, skipped);
    place.append(field);
    changed();
  };
  add();
  add();
  return { add, classes };
}

function whatIsMissing(classes: readonly ClassExamples[]): string | undefined {
  const names = classes.map(({ name }) => name);
  if (classes.length < 2) return 'Add a second class.';
  if (names.includes('')) return 'Name every class, or remove it.';
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return `Two classes are named ${twice}. Give one another name.`;
  const empty = classes.find(({ pictures }) => pictures.length === 0);
  return empty === undefined ? undefined : `Add pictures of ${empty.name}, or remove it.`;
}

/** A small picture, or `undefined` if the browser cannot decode it. */
async function thumbnailOf(picture: Blob): Promise<HTMLCanvasElement | undefined> {
  const bitmap = await createImageBitmap(picture, { resizeHeight: 96 }).catch(() => undefined);
  if (bitmap === undefined) return undefined;
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas;
}

function button(text: string): HTMLButtonElement {
  const element = document.createElement('button');
  element.type = 'button';
  element.textContent = text;
  return element;
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
