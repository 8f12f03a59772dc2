// A button that repeats its action while it is held, with a pointer or a key.

const PAUSE = 250;

/**
 * Runs `action` once per press, and again and again until the button is released. The action returns whether to go on. `onError` is told
 * why an action failed, which ends the press.
 */
export function whileHeld(button: HTMLButtonElement, action: () => Promise<boolean>, onError: (error: unknown) => void): void {
  let press: object | undefined;
  const stop = (): void => {
    press = undefined;
    button.classList.remove('held');
  };
  const repeat = async (own: object): Promise<void> => {
    do {
      if (!(await action())) return;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    } while (press === own);
  };
  const start = (): void => {
    const own = {};
    press = own;
    button.classList.add('held');
    void repeat(own)
      .catch(onError)
      .finally(() => {
        if (press === own) stop();
      });
  };
  const isPressing = (event: KeyboardEvent): boolean => event.key === ' ' || event.key === 'Enter';
  button.addEventListener('pointerdown', (event) => {
    if (event.button === 0) start();
  });
  for (const type of ['pointerup', 'pointerleave', 'pointercancel', 'blur'] as const) button.addEventListener(type, stop);
  button.addEventListener('keydown', (event) => {
    if (!isPressing(event)) return;
    event.preventDefault();
    if (!event.repeat) start();
  });
  button.addEventListener('keyup', (event) => {
    if (isPressing(event)) stop();
  });
  // Screen readers and voice control click without a pointer or a key.
  button.addEventListener('click', ({ detail }) => {
    if (detail === 0) void action().catch(onError);
  });
}
