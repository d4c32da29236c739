import type { Detection, FrameDetections, Keypoint, ModelInfo } from '../models/index.ts';
import type { LineWriter } from './lineWriter.ts';

/** The file formats that `detect` writes. */
export const FORMATS = ['ndjson', 'csv', 'mot', 'coco'] as const;
/** One of `FORMATS`. */
export type FormatName = (typeof FORMATS)[number];

/** Writes results one after the other; nothing is held back in memory. */
export interface Format {
  /** @param seq number of the result in its source, from 1 */
  write(writer: LineWriter, result: FrameDetections, seq: number): void;
  /** Writes what closes the file, and what opened it where there was no result. */
  end(writer: LineWriter): void;
}

/**
 * Makes a format.
 * - `ndjson`: the `frame` message of the protocol, one a line
 * - `csv`: one detection a line, under a header
 * - `mot`: MOT challenge, `frame,id,left,top,width,height,score,-1,-1,-1`, frames from 1
 * - `coco`: a COCO results array, `image_id` is the frame, `category_id` the data set's own id, `keypoints`
 *   where they were looked for
 */
export function createFormat(name: FormatName, { labels }: ModelInfo): Format {
  switch (name) {
    case 'ndjson':
      return lines([], (result, seq) => {
        const { type, source, ...rest } = result;
        return [JSON.stringify({ v: 1, type, source, seq, ...rest })];
      });
    case 'csv':
      return lines(['source,frame,pts,label,score,xmin,ymin,xmax,ymax,trackId'], (result) =>
        result.detections.map((detection) => csvLine(result, detection)),
      );
    case 'mot':
      return lines([], ({ frame, detections }) =>
        detections.map(({ trackId = -1, box, score }) =>
          [frame + 1, trackId, ...xywh(box), score, -1, -1, -1].join(','),
        ),
      );
    case 'coco':
      return jsonArray(({ frame, detections }) =>
        detections.map(({ classId, box, score, keypoints }) => ({
          image_id: frame,
          category_id: labels[classId]?.id ?? classId,
          bbox: xywh(box),
          score,
          ...(keypoints && { keypoints: keypoints.flatMap(xyv) }),
        })),
      );
  }
}

function lines(
  head: readonly string[],
  toLines: (result: FrameDetections, seq: number) => readonly string[],
): Format {
  const begin = once((writer) => {
    writer.begin();
    head.forEach((line) => writer.write(line));
  });
  return {
    write(writer, result, seq) {
      begin(writer);
      toLines(result, seq).forEach((line) => writer.write(line));
    },
    end: begin,
  };
}

function jsonArray(toItems: (result: FrameDetections) => readonly object[]): Format {
  const begin = once((writer) => writer.write('['));
  let isFirst = true;
  return {
    write(writer, result) {
      begin(writer);
      for (const item of toItems(result)) {
        writer.write((isFirst ? '' : ',') + JSON.stringify(item));
        isFirst = false;
      }
    },
    end(writer) {
      begin(writer);
      writer.write(']');
    },
  };
}

function once(work: (writer: LineWriter) => void): (writer: LineWriter) => void {
  let isDone = false;
  return (writer) => {
    if (!isDone) {
      isDone = true;
      work(writer);
    }
  };
}

function csvLine({ source, frame, pts }: FrameDetections, detection: Detection): string {
  const { label, score, box, trackId = '' } = detection;
  const { xmin, ymin, xmax, ymax } = box;
  return [quoted(source), frame, pts, quoted(label), score, xmin, ymin, xmax, ymax, trackId].join(
    ',',
  );
}

/** Source: RFC 4180, section 2. */
function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function xywh({ xmin, ymin, xmax, ymax }: Detection['box']): [number, number, number, number] {
  return [xmin, ymin, Number((xmax - xmin).toFixed(2)), Number((ymax - ymin).toFixed(2))];
}

/** A point as COCO has it: the third number is 2 where it is visible, 0 where nothing is known of it. */
function xyv({ x, y, visible }: Keypoint): readonly number[] {
  return [x, y, visible ? 2 : 0];
}
