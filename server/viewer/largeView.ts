import { createAttentionView, type ShownAttention } from './attention.ts';
import { createCamera } from './camera.ts';
import { createDetectionList } from './detectionList.ts';
import { element, setText } from './elements.ts';
import type { Notices } from './notices.ts';
import { boxAt } from './overlay.ts';
import { createReadout } from './readout.ts';
import type { FrameMessage } from './protocol.ts';
import type { Drawing, ScreenHandlers } from './screen.ts';
import { createSentence } from './sentence.ts';
import { hasShape } from './shapes.ts';
import type { Source } from './sources.ts';
import { createTimelineChart } from './timelineChart.ts';

/** One source with all that is known of it. */
export interface LargeView {
  /** Shows a source; undefined: none. */
  show(source: Source | undefined): void;
  /** Whether the pictures of the source are fetched. */
  watch(isWanted: boolean): void;
  receive(frame: FrameMessage): void;
  /** Brings the numbers beside the picture up to date. @param nowMs page clock */
  tick(nowMs: number): void;
  setPaused(isPaused: boolean): void;
  /** What stands still over the live picture. */
  readonly attention: ShownAttention | undefined;
  /** Asks where the model looks for the surest object; once that is shown, shows it for the next one. */
  attend(): void;
  /** Back to the live picture. @returns whether anything stood over it */
  leaveAttention(): boolean;
  /** Draws again, after a change of layers or filters. */
  redraw(): void;
  clear(): void;
}

/** Binds the large picture of the page and the panels beside it. */
export function createLargeView(handlers: ScreenHandlers, notices: Notices): LargeView {
  const readout = createReadout();
  const list = createDetectionList();
  const chart = createTimelineChart();
  const canvas = element('screen', HTMLCanvasElement);
  const line = element('sentence', HTMLElement);
  /** Under the picture. It is no live region: it may change with every frame. */
  const sentence = createSentence((caption) => {
    setText(line, caption);
    line.hidden = caption === '';
  });
  const shapesButton = element('shapes', HTMLButtonElement);
  const attentionButton = element('attention', HTMLButtonElement);
  const attention = createAttentionView((isOpen) => {
    attentionButton.ariaPressed = String(isOpen);
  });
  let source: Source | undefined;
  /** What is on the canvas. */
  let last: { readonly frame: FrameMessage; readonly drawn: Drawing } | undefined;
  const camera = createCamera(canvas, {
    ...handlers,
    onDrawn(frame, drawn, isNew) {
      last = { frame, drawn };
      handlers.onDrawn(frame, drawn, isNew);
      if (isNew) {
        sentence.show(frame, performance.now());
        shapesButton.hidden &&= !frame.detections.some(hasShape);
        source?.statistics.show(frame, Date.now());
        notices.setPicture(true);
      }
    },
  });

  function update(): void {
    const summary = source?.statistics.summarize(Date.now());
    if (summary) {
      const shown = handlers.select(summary.frame);
      readout.update(summary, shown.length);
      list.update(shown);
      notices.describe(shown);
    }
    chart.update(source?.timeline.read(Date.now()) ?? []);
  }

  function clear(): void {
    camera.clear();
    attention.close();
    last = undefined;
    sentence.clear();
    notices.setPicture(false);
  }

  canvas.addEventListener('click', ({ offsetX, offsetY }) => {
    const index = boxAt(last?.drawn.boxes ?? [], offsetX, offsetY);
    const detection = last && handlers.select(last.frame)[index];
    if (source && detection) {
      attention.ask(source.name, detection);
    } else {
      attention.close();
    }
  });

  readout.clear();
  return {
    show(newSource) {
      if (newSource === source) {
        return;
      }
      source = newSource;
      readout.clear();
      list.update([]);
      clear();
    },
    watch: (isWanted) => camera.watch(isWanted ? source?.name : undefined),
    receive: (frame) => camera.receive(frame),
    tick(nowMs) {
      camera.tick(nowMs);
      if (!camera.isPaused) {
        update();
      }
    },
    setPaused(isPaused) {
      camera.isPaused = isPaused;
      notices.setPaused(isPaused);
    },
    get attention() {
      return attention.shown;
    },
    attend() {
      if (attention.shown) {
        attention.next();
      } else if (source) {
        attention.ask(source.name);
      }
    },
    leaveAttention: () => attention.close(),
    redraw() {
      camera.redraw();
      update();
    },
    clear,
  };
}
