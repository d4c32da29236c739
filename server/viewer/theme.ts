import { element, setText } from './elements.ts';

const KEY = 'pix2seq-stream.theme';
/** In the order of the button; `auto` follows the system. */
const THEMES = ['auto', 'light', 'dark'] as const;

/**
 * Binds the button of the colours, which is kept for the next visit.
 * @param onChange called after each change: what was drawn has old colours
 */
export function bindTheme(onChange: () => void): void {
  const button = element('theme', HTMLButtonElement);
  const { dataset } = document.documentElement;
  let at = Math.max(
    0,
    THEMES.findIndex((theme) => theme === localStorage.getItem(KEY)),
  );

  function apply(): void {
    const theme = THEMES[at] ?? 'auto';
    dataset['theme'] = theme;
    setText(button, `Colours: ${theme}`);
    onChange();
  }

  button.addEventListener('click', () => {
    at = (at + 1) % THEMES.length;
    localStorage.setItem(KEY, THEMES[at] ?? 'auto');
    apply();
  });
  apply();
}
