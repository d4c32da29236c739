import { element } from './elements.ts';
import type { Screen } from './screen.ts';

/** What the buttons and keys do beside the layers of the screen. */
export interface ControlHandlers {
  readonly onPause: (isPaused: boolean) => void;
  /** @param position counted from 0 */
  readonly onChooseSource: (position: number) => void;
}

/** Binds the buttons and their keys: space, l, t and the digits. */
export function bindControls(screen: Screen, handlers: ControlHandlers): void {
  const pause = element('pause', HTMLButtonElement);
  const labels = element('labels', HTMLButtonElement);
  const trails = element('trails', HTMLButtonElement);

  pause.addEventListener('click', () => handlers.onPause(toggle(pause)));
  labels.addEventListener('click', () => {
    screen.layers.labels = toggle(labels);
    screen.redraw();
  });
  trails.addEventListener('click', () => {
    screen.layers.trails = toggle(trails);
    screen.redraw();
  });

  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) {
      return;
    }
    const target = event.target as Element;
    if (event.key === ' ') {
      // On a focused control, space is that control's own.
      if (target.closest('button, input')) {
        return;
      }
      event.preventDefault(); // it would scroll the page
      pause.click();
    } else if (event.key === 'l') {
      labels.click();
    } else if (event.key === 't') {
      trails.click();
    } else if (/^[1-9]$/.test(event.key)) {
      handlers.onChooseSource(Number(event.key) - 1);
    }
  });
}

/** @returns whether the button is pressed now */
function toggle(button: HTMLButtonElement): boolean {
  const isPressed = button.ariaPressed !== 'true';
  button.ariaPressed = String(isPressed);
  return isPressed;
}
