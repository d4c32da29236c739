import { createCamera, type Camera } from './camera.ts';
import { element, setText } from './elements.ts';
import type { FrameMessage } from './protocol.ts';
import type { ScreenHandlers } from './screen.ts';
import { createSentence, type Sentence } from './sentence.ts';

/** What the grid asks and tells. */
export interface CameraGridHandlers extends ScreenHandlers {
  /** A tile was clicked, or Enter pressed on it. */
  readonly onChoose: (source: string) => void;
  /** Other tiles than before are in sight. */
  readonly onVisible: () => void;
}

/** What a tile says of a source. */
export interface TileState {
  readonly name: string;
  readonly state: string;
}

/** All sources side by side. */
export interface CameraGrid {
  /** Sources whose tiles are in sight, in the order of the grid. */
  readonly visible: readonly string[];
  update(sources: readonly TileState[]): void;
  /** Fetches the pictures of these sources, and of no others. */
  watch(sources: readonly string[]): void;
  receive(frame: FrameMessage): void;
  tick(nowMs: number): void;
  redraw(): void;
  /** Empties all tiles: what they show is of another run of the server. */
  clear(): void;
  /** Puts the focus on a source's tile. */
  focus(source: string): void;
  /** Puts the focus on another tile, from the one that has it. @param columns to the right @param rows down */
  move(columns: number, rows: number): void;
}

interface Tile {
  readonly item: HTMLLIElement;
  readonly button: HTMLButtonElement;
  readonly state: HTMLElement;
  readonly count: HTMLElement;
  readonly notice: HTMLElement;
  readonly camera: Camera;
  /** Shown where the mouse rests on the tile. */
  readonly sentence: Sentence;
  isVisible: boolean;
}

/** What stands over the picture of a source that gives none, by state. */
const NOTICES: Readonly<Record<string, string>> = {
  connecting: 'Connecting',
  stalled: 'No frames',
  offline: 'Offline',
  ended: 'Ended',
  unknown: 'No connection',
};

/** Binds the grid of the page. */
export function createCameraGrid(handlers: CameraGridHandlers): CameraGrid {
  const list = element('tiles', HTMLUListElement);
  /** By source, in the server's order. */
  const tiles = new Map<string, Tile>();
  const sight = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      for (const tile of tiles.values()) {
        if (tile.item === target) {
          tile.isVisible = isIntersecting;
        }
      }
    }
    handlers.onVisible();
  });

  function add(name: string): Tile {
    const parts = createParts(name);
    const sentence = createSentence((caption) => {
      if (parts.button.title !== caption) {
        parts.button.title = caption; // too long to be read on so small a picture
      }
    });
    const camera = createCamera(parts.canvas, {
      ...handlers,
      layers: () => ({ ...handlers.layers(), labels: false, trails: false }), // too small to be read
      onDrawn(frame, drawn, isNew) {
        setText(parts.count, `${drawn.boxes.length}`);
        if (isNew) {
          sentence.show(frame, performance.now());
        }
        handlers.onDrawn(frame, drawn, isNew);
      },
    });
    parts.button.addEventListener('click', () => handlers.onChoose(name));
    const tile = { ...parts, camera, sentence, isVisible: false };
    tiles.set(name, tile);
    list.append(tile.item);
    sight.observe(tile.item);
    return tile;
  }

  function remove(name: string, tile: Tile): void {
    tile.camera.watch(undefined);
    sight.unobserve(tile.item);
    tile.item.remove();
    tiles.delete(name);
  }

  return {
    get visible() {
      return [...tiles].filter(([, { isVisible }]) => isVisible).map(([name]) => name);
    },
    update(sources) {
      const names = new Set(sources.map(({ name }) => name));
      for (const [name, tile] of tiles) {
        if (!names.has(name)) {
          remove(name, tile);
        }
      }
      for (const { name, state } of sources) {
        const tile = tiles.get(name) ?? add(name);
        tile.item.dataset['state'] = state;
        setText(tile.state, state);
        setText(tile.notice, NOTICES[state] ?? '');
        tile.notice.hidden = tile.notice.textContent === '';
      }
    },
    watch(sources) {
      for (const [name, { camera }] of tiles) {
        camera.watch(sources.includes(name) ? name : undefined);
      }
    },
    receive(frame) {
      tiles.get(frame.source)?.camera.receive(frame);
    },
    tick: (nowMs) => tiles.forEach(({ camera }) => camera.tick(nowMs)),
    redraw: () => tiles.forEach(({ camera }) => camera.redraw()),
    clear() {
      for (const { camera, sentence } of tiles.values()) {
        camera.clear();
        sentence.clear();
      }
    },
    focus: (source) => tiles.get(source)?.button.focus(),
    move(columns, rows) {
      const buttons = [...tiles.values()].map(({ button }) => button);
      const from = buttons.findIndex((button) => button === document.activeElement);
      const perRow = buttons.filter(({ offsetTop }) => offsetTop === buttons[0]?.offsetTop).length;
      buttons[from < 0 ? 0 : from + columns + rows * perRow]?.focus();
    },
  };
}

/** The elements of a tile: a picture, and under it name, state and number of objects. */
function createParts(name: string): Omit<Tile, 'camera' | 'sentence' | 'isVisible'> & {
  readonly canvas: HTMLCanvasElement;
} {
  const item = document.createElement('li');
  const button = document.createElement('button');
  const view = document.createElement('span');
  const canvas = document.createElement('canvas');
  const caption = document.createElement('span');
  const [notice, title, state, count] = ['notice', 'name', 'state', 'count'].map((className) => {
    const span = document.createElement('span');
    span.className = className;
    return span;
  }) as [HTMLElement, HTMLElement, HTMLElement, HTMLElement];
  item.dataset['source'] = name;
  button.type = 'button';
  view.className = 'view';
  caption.className = 'caption';
  canvas.ariaHidden = 'true'; // the caption says what is in it
  notice.ariaHidden = 'true'; // the state beside the name says the same
  title.textContent = name;
  count.title = 'Objects';
  view.append(canvas, notice);
  caption.append(title, state, count);
  button.append(view, caption);
  item.append(button);
  return { item, button, state, count, notice, canvas };
}
