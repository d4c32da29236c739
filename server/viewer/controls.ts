import { element } from './elements.ts';
import type { Layers } from './screen.ts';

/** What the buttons and keys do beside the layers. */
export interface ControlHandlers {
  /** A layer was switched on or off. */
  readonly onLayers: () => void;
  readonly onPause: (isPaused: boolean) => void;
  /** @param position counted from 0 */
  readonly onChooseSource: (position: number) => void;
  /** An arrow key, one step to a side. */
  readonly onMove: (columns: number, rows: number) => void;
  readonly onAttend: () => void;
  /** Escape: one step back. */
  readonly onEscape: () => void;
  /** To the grid. */
  readonly onBack: () => void;
}

/** What keys do that have no button of their own letter: steps to the right and down. */
const ARROWS: Readonly<Record<string, readonly [columns: number, rows: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Keys of one letter, and the buttons they press. */
const KEYS = {
  a: 'attention',
  b: 'boxes',
  l: 'labels',
  s: 'shapes',
  t: 'trails',
  z: 'zones',
  f: 'full-screen',
  '?': 'help',
} as const;

/**
 * Binds the buttons and their keys.
 * @returns the layers, as the buttons stand
 */
export function bindControls(handlers: ControlHandlers): () => Layers {
  const pause = element('pause', HTMLButtonElement);
  const layers = (['boxes', 'labels', 'shapes', 'trails', 'zones'] as const).map((id) =>
    element(id, HTMLButtonElement),
  );

  pause.addEventListener('click', () => handlers.onPause(toggle(pause)));
  for (const button of layers) {
    button.addEventListener('click', () => {
      toggle(button);
      handlers.onLayers();
    });
  }
  bindFullScreen();
  bindHelp();
  // First of all: a button that was clicked by hand keeps no focus, also not behind a dialog; space pauses then.
  document.addEventListener('click', letGo, { capture: true });
  element('attention', HTMLButtonElement).addEventListener('click', handlers.onAttend);
  element('back', HTMLButtonElement).addEventListener('click', handlers.onBack);
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || isOwnKey(event)) {
      return;
    }
    const arrow = ARROWS[event.key];
    const button = Object.entries(KEYS).find(([key]) => key === event.key)?.[1];
    if (arrow !== undefined) {
      event.preventDefault(); // it would scroll the page
      handlers.onMove(...arrow);
    } else if (event.repeat) {
      return;
    } else if (event.key === ' ') {
      event.preventDefault();
      pause.click();
    } else if (event.key === 'Escape') {
      handlers.onEscape();
    } else if (button !== undefined) {
      const { hidden } = element(button, HTMLButtonElement);
      if (!hidden) {
        element(button, HTMLButtonElement).click(); // nobody switches what cannot be seen
      }
    } else if (/^[1-9]$/.test(event.key)) {
      handlers.onChooseSource(Number(event.key) - 1);
    }
  });
  return () => {
    const [boxes, labels, shapes, trails, zones] = layers.map(
      ({ ariaPressed }) => ariaPressed === 'true',
    ) as [boolean, boolean, boolean, boolean, boolean];
    return { boxes, labels, shapes, trails, zones };
  };
}

/** Takes the focus from a button that was not pressed by a key. */
function letGo({ detail, target }: MouseEvent): void {
  if (detail > 0 && target instanceof Element) {
    target.closest('button')?.blur();
  }
}

/** Whether a key is the business of what has the focus, or of the open dialog. */
function isOwnKey({ key, target }: KeyboardEvent): boolean {
  const at = target as Element;
  if (document.querySelector('dialog[open]')) {
    return true;
  }
  if (!at.checkVisibility()) {
    return false; // the button of a dialog keeps the focus for a moment after the dialog has closed
  }
  if (key === ' ') {
    return at.closest('button, input, select') !== null;
  }
  if (key.startsWith('Arrow')) {
    return at.closest('input, select, #detections') !== null;
  }
  return at.closest('input:not([type=range], [type=checkbox]), select') !== null;
}

/** The button is hidden where the browser cannot do it, as on telephones of one kind. */
function bindFullScreen(): void {
  const button = element('full-screen', HTMLButtonElement);
  const picture = element('picture', HTMLElement);
  button.hidden = !document.fullscreenEnabled;
  button.addEventListener('click', () => {
    const change = document.fullscreenElement
      ? document.exitFullscreen()
      : picture.requestFullscreen();
    change.catch(() => undefined); // refused by the browser or the user: the page stays as it is
  });
  document.addEventListener('fullscreenchange', () => {
    button.ariaPressed = String(document.fullscreenElement !== null);
  });
}

function bindHelp(): void {
  const dialog = element('help-dialog', HTMLDialogElement);
  element('help', HTMLButtonElement).addEventListener('click', () => dialog.showModal());
}

/** @returns whether the button is pressed now */
function toggle(button: HTMLButtonElement): boolean {
  const isPressed = button.ariaPressed !== 'true';
  button.ariaPressed = String(isPressed);
  return isPressed;
}
