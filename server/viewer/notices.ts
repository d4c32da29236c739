import type { Detection } from '../../models/core/types.ts';
import { element, setText } from './elements.ts';
import type { SocketState } from './socket.ts';

/** What is said of a source. */
export interface NamedState {
  readonly name: string;
  readonly state: string;
  readonly reason: string;
}

/** Says in words how things stand: connection, source, pause, and what the picture shows. */
export interface Notices {
  /** @param retryMs time to the next attempt, where there is one */
  setConnection(state: SocketState, retryMs?: number): void;
  /** @param source on the large screen @param numSources in all */
  setSource(source: NamedState | undefined, numSources: number): void;
  /** @param isThere whether the screen shows a frame of the chosen source */
  setPicture(isThere: boolean): void;
  setPaused(isPaused: boolean): void;
  /** Shows a fault until it is replaced; an empty text takes it away. */
  setMessage(text: string): void;
  /** Describes the picture to those who do not see it. */
  describe(detections: readonly Detection[]): void;
}

/** Binds the state fields of the page. */
export function createNotices(): Notices {
  const connectionField = element('connection', HTMLElement);
  const sourceField = element('source-state', HTMLElement);
  const message = element('message', HTMLElement);
  const stage = element('stage', HTMLElement);
  const notice = element('notice', HTMLElement);
  const canvas = element('screen', HTMLCanvasElement);
  let connection: SocketState = 'connecting';
  let source: NamedState | undefined;
  let hasSources = false;
  let hasPicture = false;
  let isPaused = false;

  const gridNotice = element('grid-notice', HTMLElement);

  /** The one sentence over the picture, or nothing where the picture speaks for itself. */
  function sentence(): string {
    return connectionSentence() || sourceSentence();
  }

  function connectionSentence(): string {
    if (connection === 'offline') {
      return `No connection to ${location.host}`;
    }
    if (connection === 'connecting') {
      return `Connecting to ${location.host}`;
    }
    return hasSources ? '' : 'The server has no sources';
  }

  function sourceSentence(): string {
    const name = source?.name ?? 'the source';
    if (!source) {
      return '';
    }
    if (source.state === 'offline') {
      return `${name} is offline`;
    }
    if (source.state === 'stalled') {
      return `${name} sends no frames`;
    }
    if (source.state === 'ended') {
      return `${name} has ended`;
    }
    if (isPaused) {
      return 'Paused';
    }
    return hasPicture ? '' : `Waiting for the first frame of ${name}`;
  }

  function update(): void {
    const text = sentence();
    setText(notice, text);
    notice.hidden = text === '';
    setText(gridNotice, connectionSentence());
    gridNotice.hidden = gridNotice.textContent === '';
    stage.classList.toggle('is-old', text !== '' && hasPicture && !isPaused);
  }

  return {
    setConnection(state, retryMs) {
      connection = state;
      connectionField.dataset['state'] = state;
      const retry = retryMs === undefined ? '' : `, next attempt in ${retryMs / 1000} s`;
      setText(connectionField, state + retry);
      update();
    },
    setSource(newSource, numSources) {
      source = newSource;
      hasSources = numSources > 0;
      sourceField.dataset['state'] = source?.state ?? 'connecting';
      const reason = source?.reason ? `: ${source.reason}` : '';
      setText(sourceField, source ? `${source.name} ${source.state}${reason}` : 'no source');
      update();
    },
    setPicture(isThere) {
      if (!isThere) {
        canvas.ariaLabel = 'No picture yet';
      }
      if (hasPicture === isThere) {
        return;
      }
      hasPicture = isThere;
      update();
    },
    setPaused(paused) {
      isPaused = paused;
      update();
    },
    setMessage(text) {
      setText(message, text);
      message.hidden = text === '';
    },
    describe(detections) {
      const counts = new Map<string, number>();
      for (const { label } of detections) {
        counts.set(label, (counts.get(label) ?? 0) + 1);
      }
      const words = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([l, n]) => `${n} ${l}`);
      canvas.ariaLabel = `${source?.name ?? 'Source'}: ${words.join(', ') || 'nothing found'}`;
    },
  };
}
