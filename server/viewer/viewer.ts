import { connect } from './connection.ts';
import { bindControls } from './controls.ts';
import { createDetectionList } from './detectionList.ts';
import { element, setText } from './elements.ts';
import { createFilters } from './filters.ts';
import { createNotices } from './notices.ts';
import type { DrawnBox } from './overlay.ts';
import { createPairing } from './pairing.ts';
import { openPictures } from './pictures.ts';
import type { FrameMessage, HelloMessage, PageMessage } from './protocol.ts';
import { createReadout } from './readout.ts';
import { createScreen } from './screen.ts';
import type { ReconnectingSocket } from './socket.ts';
import { createSourceTabs } from './sourceTabs.ts';
import { createStatistics, type SourceStatistics } from './statistics.ts';

/** What the page lets tests see. `documentElement.dataset` also has `connection` and `frames`. */
export interface ViewerProbe {
  /** What is on the screen, boxes in CSS pixels of the canvas. */
  lastDrawn?: { readonly frame: number; readonly boxes: readonly DrawnBox[] };
}

declare global {
  interface Window {
    /** For tests only. */
    pix2seqViewer: ViewerProbe;
  }
}

interface Source {
  readonly name: string;
  state: string;
  reason: string;
  readonly statistics: SourceStatistics;
}

/** Often enough to look live, seldom enough for digits to be read. */
const READOUT_INTERVAL_MS = 200;

const { dataset } = document.documentElement;
/** By name, in the server's order. */
const sources = new Map<string, Source>();
const pairing = createPairing();
const notices = createNotices();
const readout = createReadout();
const list = createDetectionList();
const tabs = createSourceTabs(choose);
const filters = createFilters(() => {
  screen.redraw();
  updateReadout();
});
const screen = createScreen({ select: (detections) => filters.apply(detections), onDrawn });
/** The source on the screen. */
let chosen: Source | undefined;
let pictures: ReconnectingSocket | undefined;
let epoch: string | undefined;
let isPaused = false;
let numDrawn = 0;

function onDrawn(frame: FrameMessage, boxes: readonly DrawnBox[], isNew: boolean): void {
  window.pix2seqViewer.lastDrawn = { frame: frame.frame, boxes };
  if (!isNew) {
    return;
  }
  dataset['frames'] = String(++numDrawn);
  chosen?.statistics.show(frame, Date.now());
  notices.setPicture(true);
}

function show(pair: Parameters<typeof screen.show>[0] | undefined): void {
  if (pair && !isPaused) {
    screen.show(pair);
  }
}

function onMessage(message: PageMessage): void {
  if (message.type === 'hello') {
    return greet(message);
  }
  if (message.type === 'error') {
    return notices.setMessage(`${message.code}: ${message.message}`);
  }
  const source = sources.get(message.source) ?? addSource(message.source);
  if (message.type === 'gap') {
    source.statistics.miss(message);
  } else if (message.type === 'status') {
    source.state = message.state;
    source.reason = message.reason ?? '';
    onSourcesChanged();
  } else {
    source.statistics.receive(message);
    filters.learn(message.detections);
    if (source === chosen) {
      show(pairing.addFrame(message, performance.now()));
    }
  }
}

function greet(hello: HelloMessage): void {
  notices.setMessage('');
  setText(element('version', HTMLElement), hello.version);
  // Another run of the server: frame and track numbers start again.
  if (epoch !== undefined && epoch !== hello.epoch) {
    clearPicture();
  }
  epoch = hello.epoch;
  for (const { name, state } of hello.sources) {
    const source = sources.get(name) ?? addSource(name);
    source.state = state;
    source.reason = '';
  }
  onSourcesChanged();
}

function addSource(name: string): Source {
  const source = { name, state: 'connecting', reason: '', statistics: createStatistics() };
  sources.set(name, source);
  if (!chosen) {
    choose(name);
  } else {
    onSourcesChanged();
  }
  return source;
}

function onSourcesChanged(): void {
  tabs.update([...sources.values()], chosen?.name);
  notices.setSource(chosen);
}

function choose(name: string): void {
  if (chosen?.name === name) {
    return;
  }
  pictures?.close();
  chosen = sources.get(name);
  pictures = openPictures(name, {
    onPicture: (frame, jpeg) => show(pairing.addPicture(frame, jpeg)),
    onLost: () => pairing.losePictures(),
  });
  readout.clear();
  list.update([]);
  clearPicture();
  onSourcesChanged();
}

function clearPicture(): void {
  pairing.clear();
  screen.clear();
  delete window.pix2seqViewer.lastDrawn;
  notices.setPicture(false);
}

/** Without a connection nothing is known of the sources. */
function forgetStates(): void {
  for (const source of sources.values()) {
    source.state = 'unknown';
    source.reason = '';
  }
  onSourcesChanged();
}

function updateReadout(): void {
  const summary = chosen?.statistics.summarize(Date.now());
  if (!summary) {
    return;
  }
  const shown = filters.apply(summary.frame.detections);
  readout.update(summary, shown.length);
  list.update(shown);
  notices.describe(shown);
}

window.pix2seqViewer = {};
dataset['frames'] = '0';
readout.clear();
bindControls(screen, {
  onPause(paused) {
    isPaused = paused;
    notices.setPaused(paused);
  },
  onChooseSource(position) {
    const source = [...sources.values()][position];
    if (source) {
      choose(source.name);
    }
  },
});
setInterval(() => {
  show(pairing.overdue(performance.now()));
  if (!isPaused) {
    updateReadout();
  }
}, READOUT_INTERVAL_MS);
connect({
  onMessage,
  onState(state, retryMs) {
    dataset['connection'] = state;
    notices.setConnection(state, retryMs);
    if (state === 'offline') {
      forgetStates();
    }
  },
  onFault: (fact) => notices.setMessage(fact),
});
