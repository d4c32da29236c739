import type { ShownAttention } from './attention.ts';
import { createCameraGrid } from './cameraGrid.ts';
import { connect, type Connection } from './connection.ts';
import { bindControls } from './controls.ts';
import { element, setText } from './elements.ts';
import { createFilters } from './filters.ts';
import { createLargeView } from './largeView.ts';
import { createNotices } from './notices.ts';
import type { FrameMessage, HelloMessage, PageMessage } from './protocol.ts';
import type { Drawing } from './screen.ts';
import { createSources, type Source } from './sources.ts';
import { createSourceTabs } from './sourceTabs.ts';
import { bindTheme } from './theme.ts';
import type { ClassCounts } from './timeline.ts';
import { askForToken, fetchSources } from './tokenForm.ts';
import { createZones } from './zones.ts';

/** What was drawn of a frame, boxes in CSS pixels of its canvas. */
interface Drawn extends Drawing {
  readonly source: string;
  readonly frame: number;
}

/** What the page lets tests see. `documentElement.dataset` also has `connection`, `frames` and `view`. */
export interface ViewerProbe {
  /** What is on the large screen. */
  lastDrawn?: Drawn;
  /** What is on the tiles, by source. */
  readonly tiles: Record<string, Drawn>;
  /** What the chart of the large view shows. */
  readonly timeline: () => readonly ClassCounts[];
  /** What stands still over the large screen. */
  readonly attention: () => ShownAttention | undefined;
}

declare global {
  interface Window {
    /** For tests only. */
    pix2seqViewer: ViewerProbe;
  }
}

/** Often enough to look live, seldom enough for digits to be read. */
const READOUT_INTERVAL_MS = 200;
const REFRESH_INTERVAL_MS = 5000;

const { dataset } = document.documentElement;
const probe: ViewerProbe = {
  tiles: {},
  timeline: () => chosen?.timeline.read(Date.now()) ?? [],
  attention: () => large.attention,
};
const sources = createSources();
const zones = createZones();
const notices = createNotices();
const tabs = createSourceTabs(choose);
const filters = createFilters(zones, redraw);
const layers = bindControls({
  onLayers: redraw,
  onPause: (isPaused) => large.setPaused(isPaused),
  onChooseSource: (position) => choose(sources.all[position]?.name ?? chosen?.name),
  onMove: move,
  onAttend: () => large.attend(),
  onBack: () => choose(undefined),
  onEscape() {
    if (!large.leaveAttention()) {
      choose(undefined);
    }
  },
});
const view = { layers, select: filters.apply, drawZones: zones.draw };
const large = createLargeView({ ...view, onDrawn: onLargeDrawn }, notices);
const grid = createCameraGrid({
  ...view,
  onChoose: choose,
  onVisible: watch,
  onDrawn(frame, drawn) {
    probe.tiles[frame.source] = { source: frame.source, frame: frame.frame, ...drawn };
  },
});
/** The source on the large screen; undefined: all of them in the grid. */
let chosen: Source | undefined;
let connection: Connection | undefined;
let epoch: string | undefined;
let numDrawn = 0;

function onLargeDrawn(frame: FrameMessage, drawn: Drawing, isNew: boolean): void {
  probe.lastDrawn = { source: frame.source, frame: frame.frame, ...drawn };
  if (isNew) {
    dataset['frames'] = String(++numDrawn);
  }
}

function redraw(): void {
  large.redraw();
  grid.redraw();
}

function onMessage(message: PageMessage): void {
  if (message.type === 'hello') {
    greet(message);
  } else if (message.type === 'error') {
    notices.setMessage(`${message.code}: ${message.message}`);
  } else if (message.type === 'gap') {
    sources.get(message.source)?.statistics.miss(message);
  } else if (message.type === 'status') {
    sources.setState(message.source, message.state, message.reason);
    onSourcesChanged();
  } else {
    const source = sources.get(message.source);
    source?.statistics.receive(message);
    source?.timeline.add(message.detections, Date.now());
    filters.learn(message.detections);
    if (message.source === chosen?.name) {
      large.receive(message);
    } else {
      grid.receive(message);
    }
  }
}

function greet(hello: HelloMessage): void {
  notices.setMessage('');
  setText(element('version', HTMLElement), hello.version);
  // Another run of the server: frame and track numbers start again.
  if (epoch !== undefined && epoch !== hello.epoch) {
    large.clear();
    grid.clear();
  }
  epoch = hello.epoch;
  zones.replace(hello.zones ?? []);
  element('zones', HTMLButtonElement).hidden = zones.names.length === 0;
  filters.learnZones();
  sources.replace(hello.sources);
  onSourcesChanged();
}

function onSourcesChanged(): void {
  const { all } = sources;
  grid.update(all);
  if (all.length === 1 || (chosen && !sources.get(chosen.name))) {
    choose(all.length === 1 ? all[0]?.name : undefined); // a grid of one is no grid
  }
  tabs.update(all, chosen?.name);
  notices.setSource(chosen, all.length);
  watch();
}

/** @param name a source for the large screen; undefined: back to the grid */
function choose(name: string | undefined): void {
  const source = name === undefined ? undefined : sources.get(name);
  if (source === chosen || (source === undefined && sources.all.length === 1)) {
    return;
  }
  const before = chosen;
  chosen = source;
  delete probe.lastDrawn;
  dataset['view'] = chosen ? 'large' : 'grid';
  large.show(chosen);
  onSourcesChanged();
  if (!chosen && before) {
    grid.focus(before.name);
  }
}

/** Asks for what is in sight, and for nothing else. */
function watch(): void {
  const isHidden = document.visibilityState === 'hidden';
  const tiles = isHidden || chosen ? [] : grid.visible;
  grid.watch(tiles);
  large.watch(!isHidden);
  connection?.watch(chosen && !isHidden ? [chosen.name] : tiles);
}

function move(columns: number, rows: number): void {
  if (!chosen) {
    grid.move(columns, rows);
    return;
  }
  const { all } = sources;
  const at = all.findIndex(({ name }) => name === chosen?.name) + columns;
  choose(all[(at + all.length) % all.length]?.name);
}

/** Sources come and go; the sockets tell only of those that are watched. Asks for a token where one is needed. */
async function refresh(): Promise<void> {
  const list = await fetchSources();
  if (list === 'refused') {
    if (connection === undefined) {
      return; // it is being asked for
    }
    connection.close();
    connection = undefined;
    await askForToken();
    connection = open();
    watch();
  } else if (typeof list === 'object' && dataset['connection'] === 'online') {
    sources.replace(list);
    onSourcesChanged();
  } else if (list !== undefined && epoch === undefined) {
    notices.setMessage(
      `The server answers, but takes no WebSocket of this page; its log says why. Behind a proxy: let upgrades through, and start the server with --origin ${location.origin}`,
    );
  }
}

function open(): Connection {
  return connect({
    onMessage,
    onState(state, retryMs) {
      dataset['connection'] = state;
      notices.setConnection(state, retryMs);
      if (state === 'offline') {
        sources.forgetStates();
        onSourcesChanged();
        void refresh(); // a socket does not say whether it was for want of a token
      }
    },
    onFault: (fact) => notices.setMessage(fact),
  });
}

window.pix2seqViewer = probe;
dataset['frames'] = '0';
bindTheme(redraw);
setInterval(() => {
  const nowMs = performance.now();
  large.tick(nowMs);
  grid.tick(nowMs);
}, READOUT_INTERVAL_MS);
setInterval(() => {
  if (document.visibilityState === 'visible' && dataset['connection'] === 'online') {
    void refresh();
  }
}, REFRESH_INTERVAL_MS);
document.addEventListener('visibilitychange', watch);
if ((await fetchSources()) === 'refused') {
  await askForToken();
}
connection = open();
watch();
