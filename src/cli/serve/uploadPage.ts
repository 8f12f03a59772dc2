// The page of the service, on which people try it.

/** Returns a page that sends chosen, dropped or pasted images to the service and shows the answers. */
export function uploadPage(): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Classify images</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; --line: #8886; --bar: #2f6fde; }
  body { margin: 0 auto; max-width: 40rem; padding: 1.5rem 1rem 3rem; }
  h1 { font-size: 1.4rem; margin: 0 0 1rem; }
  .drop { display: block; border: 2px dashed var(--line); border-radius: .75rem; padding: 2rem 1rem; text-align: center; cursor: pointer; }
  .drop:focus-within, .drop.over { border-color: var(--bar); }
  article { display: flex; gap: 1rem; margin-top: 1.25rem; border-top: 1px solid var(--line); padding-top: 1.25rem; }
  img { width: 7rem; height: 7rem; object-fit: cover; border-radius: .5rem; flex: none; background: #8883; }
  .answer { flex: 1; min-width: 0; }
  .answer p { margin: 0 0 .5rem; overflow-wrap: anywhere; }
  .row { display: grid; grid-template-columns: 1fr 4rem; gap: 0 .75rem; overflow-wrap: anywhere; }
  .row span:nth-child(2) { text-align: right; font-variant-numeric: tabular-nums; }
  .track { grid-column: 1 / -1; height: .4rem; border-radius: .2rem; background: #8883; margin-bottom: .4rem; }
  .track div { height: 100%; border-radius: .2rem; background: var(--bar); }
  @media (max-width: 26rem) { article { flex-direction: column; } img { width: 100%; height: auto; max-height: 60vh; } }
</style>
</head>
<body>
<h1>Classify images</h1>
<label class="drop" id="drop">Choose, drop or paste images<br><input type="file" id="files" accept="image/*" multiple></label>
<main id="answers" aria-live="polite"></main>
<script type="module">
const answers = document.getElementById('answers');
const drop = document.getElementById('drop');
const input = document.getElementById('files');
const add = (parent, tag, text, name) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (name) element.className = name;
  parent.append(element);
  return element;
};
const show = (place, prediction) => {
  place.replaceChildren();
  if (prediction.error) return add(place, 'p', prediction.error);
  if (prediction.unknown) add(place, 'p', 'Probably none of the classes.');
  for (const { index, name, probability } of prediction.classes) {
    const row = add(place, 'div', undefined, 'row');
    add(row, 'span', name ?? 'class ' + index);
    add(row, 'span', (100 * probability).toFixed(1) + ' %');
    add(add(row, 'div', undefined, 'track'), 'div').style.width = 100 * probability + '%';
  }
};
const classify = async (file) => {
  const card = document.createElement('article');
  const image = add(card, 'img');
  image.alt = '';
  image.addEventListener('error', () => { image.style.visibility = 'hidden'; });
  image.src = URL.createObjectURL(file);
  const place = add(card, 'div', undefined, 'answer');
  add(place, 'p', file.name + ' …');
  answers.prepend(card);
  try {
    const response = await fetch('classify', { method: 'POST', body: file });
    const reply = await response.json();
    show(place, response.ok ? reply.predictions[0] : reply);
  } catch {
    show(place, { error: 'The service does not answer.' });
  }
};
const classifyAll = (files) => { for (const file of files) if (file) classify(file); };
input.addEventListener('change', () => { classifyAll([...input.files]); input.value = ''; });
addEventListener('dragover', (event) => { event.preventDefault(); drop.classList.add('over'); });
addEventListener('dragleave', () => drop.classList.remove('over'));
addEventListener('drop', (event) => { event.preventDefault(); drop.classList.remove('over'); classifyAll([...event.dataTransfer.files]); });
addEventListener('paste', (event) => classifyAll([...event.clipboardData.files]));
</script>
</body>
</html>
`;
}
