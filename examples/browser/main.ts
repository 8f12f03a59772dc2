/// <reference types="vite/client" />
// Question: can a page name photos and learn new classes by itself, offline, on any backend?
// Command:  npm run example:browser
// Expect:   drop examples/data/photos/panda.jpg: giant panda with more than 0.9; teach it two classes: they survive a reload.
// The page: what is shown and clicked. The model is in worker.ts.

import { closeCamera, openCamera, takePicture } from './camera.js';
import { acceptDrops, classForm } from './classForm.js';
import { openZips, type FoundFile } from './droppedFiles.js';
import { remote, type BackendChoice, type Remote } from './protocol.js';
import { showAnswers } from './showAnswers.js';
import { showTestResults } from './testResults.js';

const element = (id: string): HTMLElement => document.getElementById(id) as HTMLElement;

const status = element('status');
const progress = element('progress') as HTMLProgressElement;
const problem = element('problem');
const choice = element('backend') as HTMLSelectElement;
const video = element('video') as HTMLVideoElement;
const drop = element('drop');
const learnButton = element('learn') as HTMLButtonElement;

let model: Remote | undefined;
let isLearning = false;

function doing(what: string, share?: number): void {
  status.textContent = `${what}.`;
  progress.hidden = false;
  if (share === undefined) progress.removeAttribute('value');
  else progress.value = share;
}

/** Runs what a person asked for; what goes wrong is said in its own words. */
async function attempt(work: () => Promise<string>): Promise<void> {
  problem.textContent = '';
  try {
    status.textContent = await work();
  } catch (error) {
    status.textContent = 'That did not work.';
    problem.textContent = error instanceof Error ? error.message : String(error);
  }
  progress.hidden = true;
}

/** A worker for each choice: a backend's memory goes with its worker. */
function start(): void {
  void attempt(async () => {
    model?.stop();
    model = remote(new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }), doing);
    const { backend, passedOver, learned } = await model.ask('start', choice.value as BackendChoice);
    element('runtime').textContent = `Runs on ${backend}.${passedOver.length === 0 ? '' : ` Passed over: ${passedOver.join(' ')}`}`;
    sayThreads(backend);
    showLearned(learned);
    void keepOffline();
    return 'Ready.';
  });
}

/**
 * Only what is built is kept, a development server's files change; and only once the page has loaded, so that nothing is fetched twice at a
 * time.
 */
async function keepOffline(): Promise<void> {
  if (!import.meta.env.PROD) return;
  await navigator.serviceWorker.register('./serviceWorker.js');
  await navigator.serviceWorker.ready;
  element('offline').textContent = 'This page now works offline.';
}

function sayThreads(backend: string): void {
  const line = element('threads');
  line.hidden = backend !== 'wasm' || crossOriginIsolated;
  line.textContent =
    `wasm uses 1 of this machine's ${navigator.hardwareConcurrency} processor threads, because the page is not cross-origin isolated. ` +
    'To use more, its server has to send Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.';
}

function showLearned(names: readonly string[]): void {
  element('forget').hidden = names.length === 0;
  element('learnedAnswers').hidden = names.length === 0;
  element('learned').replaceChildren();
}

async function name(picture: Blob | ImageBitmap): Promise<void> {
  await attempt(async () => {
    const shown = picture instanceof Blob ? await createImageBitmap(picture).catch(() => undefined) : picture;
    const { imagenet, learned, milliseconds } = await ready().ask('classify', picture);
    if (shown !== undefined) showPicture(shown);
    showAnswers(element('imagenet'), imagenet);
    showAnswers(element('learned'), learned);
    return `Named in ${Math.round(milliseconds)} ms.`;
  });
}

/** Shows the picture that the answers are about. */
function showPicture(picture: ImageBitmap): void {
  const canvas = element('asked') as HTMLCanvasElement;
  [canvas.width, canvas.height] = [picture.width, picture.height];
  canvas.getContext('2d')?.drawImage(picture, 0, 0);
  canvas.hidden = false;
}

function ready(): Remote {
  if (model === undefined) throw new Error('The network is not ready yet.');
  return model;
}

const form = classForm(element('classes'), {
  takePhoto: async () => {
    if (video.hidden && !(await showCamera())) return undefined;
    return takePicture(video);
  },
  onChange: (missing) => {
    element('missing').textContent = missing ?? '';
    lockLearning();
  },
  onError: report,
});

function report(error: unknown): void {
  void attempt(() => {
    throw error;
  });
}

/** Learning is possible when nothing is missing, and not while it runs. */
function lockLearning(): void {
  learnButton.disabled = isLearning || element('missing').textContent !== '';
}

/** Returns whether the camera is on. */
async function showCamera(): Promise<boolean> {
  await attempt(async () => {
    await openCamera(video);
    return 'The camera is on.';
  });
  showCameraButtons();
  return !video.hidden;
}

function showCameraButtons(): void {
  for (const id of ['snap', 'cameraOff']) element(id).hidden = video.hidden;
  element('camera').hidden = !video.hidden;
}

function addFolders(files: Promise<readonly FoundFile[]>): void {
  void attempt(async () => {
    const found = await files;
    const leftOut = await form.addFolders(found);
    return `Read ${found.length} files.${leftOut.length === 0 ? '' : ` Left out, because their folders have no photos: ${leftOut.join(', ')}.`}`;
  });
}

choice.addEventListener('change', () => {
  history.replaceState(null, '', `?backend=${choice.value}`);
  start();
});
element('photo').addEventListener('change', ({ target }) => {
  const [file] = (target as HTMLInputElement).files ?? [];
  if (file !== undefined) void name(file);
});
acceptDrops(drop, (files) => {
  void files.then(([first]) => (first === undefined ? undefined : name(first.file))).catch(report);
});
// Also outside of the dashed areas, where the browser would otherwise leave the page and open the file.
acceptDrops(document.documentElement, addFolders);
element('folderInput').addEventListener('change', ({ target }) => {
  const files = [...((target as HTMLInputElement).files ?? [])];
  addFolders(openZips(files));
  (target as HTMLInputElement).value = '';
});
element('camera').addEventListener('click', () => {
  void showCamera();
});
element('cameraOff').addEventListener('click', () => {
  closeCamera(video);
  showCameraButtons();
});
element('snap').addEventListener('click', () => {
  void createImageBitmap(video).then(name);
});
element('add').addEventListener('click', () => {
  form.add();
});
learnButton.addEventListener('click', () => {
  isLearning = true;
  lockLearning();
  element('results').hidden = true;
  void attempt(async () => {
    const classes = form.classes().map((each) => ({ ...each, pictures: [...each.pictures] }));
    const { learned, tested } = await ready().ask('learn', classes);
    showLearned(learned);
    if (tested !== undefined) await showTestResults(element('results'), classes, tested);
    const test =
      tested === undefined
        ? 'With five photos of each class, some of them test what was learned.'
        : `It names ${tested.count - tested.wrong.length} of ${tested.count} photos right that it did not learn from.`;
    return `Learned ${learned.join(', ')}. ${test} Saved in this browser.`;
  }).finally(() => {
    isLearning = false;
    lockLearning();
  });
});
element('forget').addEventListener('click', () => {
  void attempt(async () => {
    await ready().ask('forget', undefined);
    showLearned([]);
    return 'Forgotten.';
  });
});

const asked = new URLSearchParams(location.search).get('backend');
if ([...choice.options].some(({ value }) => value === asked)) choice.value = asked as BackendChoice;
start();
