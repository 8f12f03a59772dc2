// Cards for the classes to learn: a name each, and photos from files, folders, zip archives, the clipboard or the camera.

import { droppedFiles, openZips, type FoundFile } from './droppedFiles.js';
import type { ClassExamples } from './protocol.js';
import { thumbnailOf } from './thumbnailOf.js';
import { whileHeld } from './whileHeld.js';

interface ClassFormOptions {
  /** Takes a photo with the camera, or returns `undefined` if the camera does not start. */
  readonly takePhoto: () => Promise<Blob | undefined>;
  /** Is told what is missing before the classes can be learned, or `undefined` if nothing is. */
  readonly onChange: (missing: string | undefined) => void;
  /** Is told what went wrong. */
  readonly onError: (error: unknown) => void;
}

interface Card {
  readonly name: HTMLInputElement;
  readonly photos: Blob[];
  readonly addFiles: (files: readonly FoundFile[]) => Promise<void>;
  readonly remove: () => void;
}

/** What the page does with the form. */
interface ClassForm {
  add(): void;
  /**
   * Adds photos to the classes that are named like their folders, and creates the classes that do not exist. Returns the names of the files
   * in folders without photos, which become no classes.
   */
  addFolders(files: readonly FoundFile[]): Promise<readonly string[]>;
  classes(): readonly ClassExamples[];
}

/** Fills `place` with two empty classes. */
export function classForm(place: HTMLElement, { takePhoto, onChange, onError }: ClassFormOptions): ClassForm {
  let cards: Card[] = [];
  const classes = (): ClassExamples[] => cards.map(({ name, photos }) => ({ name: name.value.trim(), pictures: photos }));
  const changed = (): void => {
    onChange(whatIsMissing(classes()));
  };

  const addCard = (): Card => {
    const field = document.createElement('fieldset');
    const name = labeled('Name', { type: 'text' });
    const files = labeled('Photos', { type: 'file', accept: 'image/*,.zip', multiple: true });
    const shoot = button('Hold to record');
    const remove = button('Remove this class');
    const list = document.createElement('ul');
    list.className = 'photos';
    const skipped = document.createElement('p');
    skipped.className = 'skipped';
    const photos: Blob[] = [];

    const keep = async (photo: Blob, fileName: string): Promise<void> => {
      const thumbnail = await thumbnailOf(photo);
      if (thumbnail === undefined) {
        skipped.append(`${fileName} was left out: this browser cannot read it. `);
        return;
      }
      photos.push(photo);
      const item = document.createElement('li');
      const discard = button('×');
      discard.ariaLabel = `Remove ${fileName}`;
      discard.addEventListener('click', () => {
        photos.splice(photos.indexOf(photo), 1);
        item.remove();
        changed();
      });
      item.append(thumbnail, discard);
      list.append(item);
      changed();
    };
    const card: Card = {
      name: name.input,
      photos,
      addFiles: async (found) => {
        skipped.textContent = '';
        // One after the other, so that hundreds of photos are not decoded at once and the order stays.
        for (const { file } of found) await keep(file, file.name);
      },
      remove: () => {
        cards = cards.filter((each) => each !== card);
        field.remove();
        changed();
      },
    };
    const addAll = (found: Promise<FoundFile[]>): void => {
      void found.then(card.addFiles).catch(onError);
    };

    whileHeld(
      shoot,
      async () => {
        const photo = await takePhoto();
        if (photo !== undefined) await keep(photo, 'the photo of the camera');
        return photo !== undefined;
      },
      onError,
    );
    files.input.addEventListener('change', () => {
      addAll(openZips(files.input.files ?? []));
      // The same file can be chosen again.
      files.input.value = '';
    });
    acceptDrops(field, addAll);
    field.addEventListener('paste', ({ clipboardData }) => {
      const pasted = [...(clipboardData?.files ?? [])];
      if (pasted.length > 0) addAll(openZips(pasted));
    });
    remove.addEventListener('click', card.remove);
    name.input.addEventListener('input', changed);
    cards.push(card);
    const legend = document.createElement('legend');
    legend.textContent = 'Class';
    const buttons = document.createElement('p');
    buttons.append(shoot, ' ', remove);
    field.append(legend, name.label, files.label, buttons, list, skipped);
    place.append(field);
    changed();
    return card;
  };
  addCard();
  addCard();

  return {
    add: () => {
      addCard().name.focus();
    },
    addFolders: async (files) => {
      const loose = files.filter(({ folder }) => folder === '');
      if (loose.length > 0) {
        throw new Error(
          `${loose[0]?.file.name ?? ''} is in no folder. Drop a folder with one folder per class, or drop photos on a class.`,
        );
      }
      const leftOut: string[] = [];
      for (const name of new Set(files.map(({ folder }) => folder))) {
        const found = files.filter(({ folder }) => folder === name);
        const card = cards.find((each) => each.name.value.trim() === name) ?? cards.find(isUnused) ?? addCard();
        card.name.value = name;
        await card.addFiles(found);
        // A folder without photos is no class, for example the one that contains the folders and a license.
        if (card.photos.length > 0) continue;
        card.remove();
        leftOut.push(...found.map(({ file }) => file.name));
      }
      for (const card of cards.filter(isUnused)) card.remove();
      return leftOut;
    },
    classes,
  };
}

/** Calls `onFiles` with what is dropped on an element, and marks the element while something is dragged over it. */
export function acceptDrops(element: HTMLElement, onFiles: (files: Promise<FoundFile[]>) => void): void {
  for (const type of ['dragover', 'dragleave', 'drop'] as const) {
    element.addEventListener(type, (event) => {
      event.preventDefault();
      event.stopPropagation();
      element.classList.toggle('over', type === 'dragover');
      if (type === 'drop' && event.dataTransfer !== null) onFiles(droppedFiles(event.dataTransfer));
    });
  }
}

function isUnused({ name, photos }: Card): boolean {
  return name.value.trim() === '' && photos.length === 0;
}

function whatIsMissing(classes: readonly ClassExamples[]): string | undefined {
  const names = classes.map(({ name }) => name);
  if (classes.length < 2) return 'Add a second class.';
  if (names.includes('')) return 'Name every class, or remove it.';
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return `Two classes are named ${twice}. Give one another name.`;
  const empty = classes.find(({ pictures }) => pictures.length === 0);
  return empty === undefined ? undefined : `Add photos of ${empty.name}, or remove it.`;
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
