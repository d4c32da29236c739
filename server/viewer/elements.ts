/**
 * Finds an element of index.html.
 * @throws Error where the page has no such element: page and script are of different versions
 */
export function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) {
    throw new Error(`index.html has no ${type.name} with id ${id}`);
  }
  return found;
}

/** Writes a text where it differs: an equal text must not disturb a selection or a screen reader. */
export function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) {
    target.textContent = text;
  }
}
