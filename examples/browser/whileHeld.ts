// A button that repeats its action while it is held, with a pointer or a key.

const PAUSE = 250;

/** Runs `action` once per press, and again and again until the button is released. The action returns whether to go on. */
export function whileHeld(button: HTMLButtonElement, action: () => Promise<boolean>): void {
  let press: object | undefined;
  const start = async (): Promise<void> => {
    const own = {};
    press = own;
    button.classList.add('held');
    do {
      if (!(await action())) break;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    } while (press === own);
    if (press === own) stop();
  };
  const stop = (): void => {
    press = undefined;
    button.classList.remove('held');
  };
  const isPressing = (event: KeyboardEvent): boolean => event.key === ' ' || event.key === 'Enter';
  button.addEventListener('pointerdown', (event) => {
    if (event.button === 0) void start();
  });
  for (const type of ['pointerup', 'pointerleave', 'pointercancel', 'blur'] as const) button.addEventListener(type, stop);
  button.addEventListener('keydown', (event) => {
    if (!isPressing(event)) return;
    event.preventDefault();
    if (!event.repeat) void start();
  });
  button.addEventListener('keyup', (event) => {
    if (isPressing(event)) stop();
  });
}
