import type { Box, Detection } from '../../models/core/types.ts';
import { bytesOf, drawAttention, type AttendedFrame } from './attentionDrawing.ts';
import { element, setText } from './elements.ts';
import { boxAt, type DrawnBox } from './overlay.ts';
import type { SourceAttention } from './protocol.ts';
import { scoreText } from './scoreText.ts';
import { authorization } from './token.ts';

/** What is shown of a frame that stands still for its attention. */
export interface ShownAttention {
  readonly frame: number;
  /** Of the object in the server's answer; absent where none is chosen. */
  readonly object?: number;
  /** Of all objects, CSS pixels of the canvas. */
  readonly boxes: readonly DrawnBox[];
}

/** A frame over the large picture that stands still, and where the model looked to read one of its objects. */
export interface AttentionView {
  /** What is shown; undefined where the live picture is. */
  readonly shown: ShownAttention | undefined;
  /**
   * Asks for the next frame of a source, and shows the object that is nearest to a detection of an earlier
   * one. @param detection default: the surest object
   */
  ask(source: string, detection?: Detection): void;
  /** Shows the next object of the frame. */
  next(): void;
  /** Gives the live picture back. @returns whether there was anything to take away */
  close(): boolean;
}

/** Binds the canvas over the large picture. @param onChange told when a frame begins or ends to stand still */
export function createAttentionView(onChange: (isOpen: boolean) => void): AttentionView {
  const canvas = element('attention-screen', HTMLCanvasElement);
  const caption = element('attention-caption', HTMLElement);
  let open: AttendedFrame | undefined;
  let chosen: number | undefined;
  let boxes: readonly DrawnBox[] = [];
  /** Rises with every question and every `close`, so that a late answer is not shown. */
  let generation = 0;

  function say(text: string): void {
    setText(caption, text);
    caption.hidden = text === '';
  }

  function draw(): void {
    if (open && canvas.clientWidth > 0) {
      boxes = drawAttention(canvas, open, chosen);
    }
  }

  function choose(index: number | undefined): void {
    chosen = index;
    const { frame, objects } = open?.answer ?? { frame: 0, objects: [] };
    const detection = index === undefined ? undefined : objects[index]?.detection;
    const missing = objects.length === 0 ? 'nothing found' : 'not found again';
    const what = detection ? `${detection.label} ${scoreText(detection.score)}` : missing;
    say(`frame ${frame}, ${what}; esc: live`);
    canvas.ariaLabel = `Where the model looked: frame ${frame}, ${what}`;
    draw();
  }

  function close(): boolean {
    const wasThere = open !== undefined || !caption.hidden;
    generation++;
    open?.bitmap?.close();
    open = chosen = undefined;
    boxes = [];
    canvas.hidden = true;
    say('');
    onChange(false);
    return wasThere;
  }

  async function fetchFrame(source: string, detection: Detection | undefined): Promise<void> {
    close();
    const asked = generation;
    say('Asking where the model looks');
    const answer = await fetchAttention(source).catch(() => 'The server does not answer');
    const bitmap = typeof answer === 'string' ? undefined : await pictureOf(answer);
    if (asked !== generation) {
      bitmap?.close();
    } else if (typeof answer === 'string') {
      say(answer);
    } else {
      open = { answer, bitmap };
      canvas.hidden = false;
      choose(find(answer, detection));
      onChange(true);
    }
  }

  canvas.addEventListener('click', ({ offsetX, offsetY }) => {
    const index = boxAt(boxes, offsetX, offsetY);
    if (index < 0 || index === chosen) {
      close();
    } else {
      choose(index);
    }
  });
  new ResizeObserver(draw).observe(canvas);
  return {
    get shown() {
      const object = chosen === undefined ? {} : { object: chosen };
      return open && { frame: open.answer.frame, ...object, boxes };
    },
    ask: (source, detection) => void fetchFrame(source, detection),
    next: () => choose(((chosen ?? -1) + 1) % Math.max(1, open?.answer.objects.length ?? 0)),
    close,
  };
}

/** @returns what the server says where it cannot tell */
async function fetchAttention(source: string): Promise<SourceAttention | string> {
  const path = `./v1/sources/${encodeURIComponent(source)}/attention`;
  const response = await fetch(path, { headers: authorization() });
  return response.ok ? ((await response.json()) as SourceAttention) : response.text();
}

/** A picture that is missing or damaged is no reason to withhold the heat. */
async function pictureOf({ picture }: SourceAttention): Promise<ImageBitmap | undefined> {
  return picture === undefined
    ? undefined
    : createImageBitmap(new Blob([bytesOf(picture)])).catch(() => undefined);
}

/** The object of a label whose box overlaps most with that of an earlier frame; without one, the surest. */
function find({ objects }: SourceAttention, wanted: Detection | undefined): number | undefined {
  const fits = objects.map(({ detection: { label, score, box } }) =>
    wanted === undefined ? score : label === wanted.label ? overlap(box, wanted.box) : 0,
  );
  const most = Math.max(0, ...fits);
  return most > 0 ? fits.indexOf(most) : undefined;
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a.xmax, b.xmax) - Math.max(a.xmin, b.xmin);
  const height = Math.min(a.ymax, b.ymax) - Math.max(a.ymin, b.ymin);
  return Math.max(0, width) * Math.max(0, height);
}
