import { element, setText } from './elements.ts';

/** What a tab shows of a source. */
export interface SourceTab {
  readonly name: string;
  readonly state: string;
}

/** The row of sources to choose from. */
export interface SourceTabs {
  /** @param chosen name of the source on the large screen; undefined: the grid is shown */
  update(sources: readonly SourceTab[], chosen: string | undefined): void;
}

/** A tab's button, and its state for those who hear the page. */
interface Tab {
  readonly button: HTMLButtonElement;
  readonly state: HTMLSpanElement;
}

/**
 * Binds the source list of the page; it is hidden beside the grid and while there is one source only.
 * @param onChoose called with the name of a source that was clicked
 */
export function createSourceTabs(onChoose: (name: string) => void): SourceTabs {
  const list = element('sources', HTMLElement);
  const tabs = new Map<string, Tab>();

  function add(name: string): Tab {
    const button = document.createElement('button');
    button.type = 'button';
    const state = document.createElement('span');
    state.className = 'hidden-text';
    button.append(name, state);
    button.addEventListener('click', () => onChoose(name));
    list.append(button);
    const tab = { button, state };
    tabs.set(name, tab);
    return tab;
  }

  return {
    update(sources, chosen) {
      for (const [name, { button }] of tabs) {
        if (!sources.some((source) => source.name === name)) {
          button.remove();
          tabs.delete(name);
        }
      }
      for (const [position, { name, state }] of sources.entries()) {
        const { button, state: spoken } = tabs.get(name) ?? add(name);
        button.dataset['state'] = state;
        button.ariaPressed = String(name === chosen);
        button.title = position < 9 ? `Key ${position + 1}` : '';
        setText(spoken, `, ${state}`);
      }
      list.hidden = sources.length < 2 || chosen === undefined; // the grid is a list already
    },
  };
}
