import type { Detection, FrameDetections, Keypoint, ModelInfo } from '../../models/index.ts';
import type { CocoPicture } from './cocoPictures.ts';
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
 * - `csv`: one detection a line, under a header; `file` is the picture's path, empty for videos
 * - `mot`: MOT challenge, `frame,id,left,top,width,height,score,-1,-1,-1`, frames from 1
 * - `coco`: a COCO results array, `image_id` is the frame, `category_id` the data set's own id, `keypoints`
 *   where they were looked for. Pictures have a `file_name` too, and their own numbers where they have any
 * @param pictures what `coco` calls pictures, by their path. Default: by their path, without numbers
 */
export function createFormat(
  name: FormatName,
  { labels }: ModelInfo,
  pictures: ReadonlyMap<string, CocoPicture> = new Map(),
): Format {
  switch (name) {
    case 'ndjson':
      return lines([], (result, seq) => {
        const { type, source, ...rest } = result;
        return [JSON.stringify({ v: 1, type, source, seq, ...rest })];
      });
    case 'csv':
      return lines(['source,frame,pts,label,score,xmin,ymin,xmax,ymax,trackId,file'], (result) =>
        result.detections.map((detection) => csvLine(result, detection)),
      );
    case 'mot':
      return lines([], ({ frame, detections }) =>
        detections.map(({ trackId = -1, box, score }) =>
          [frame + 1, trackId, ...xywh(box), score, -1, -1, -1].join(','),
        ),
      );
    case 'coco': {
      const numberOf = frameNumbers(pictures);
      return jsonArray((result) => {
        const image = numberOf(result);
        return result.detections.map(({ classId, box, score, keypoints }) => ({
          ...image,
          category_id: labels[classId]?.id ?? classId,
          bbox: xywh(box),
          score,
          ...(keypoints && { keypoints: keypoints.flatMap(xyv) }),
        }));
      });
    }
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

/** Numbers that no two frames share: a picture's own, or the frame's, which go on from source to source. */
function frameNumbers(
  pictures: ReadonlyMap<string, CocoPicture>,
): (result: FrameDetections) => { readonly image_id: number; readonly file_name?: string } {
  let current: string | undefined;
  let first = 0;
  let next = 0;
  return ({ source, frame, file }) => {
    if (source !== current) {
      current = source;
      first = next;
    }
    next = Math.max(next, first + frame + 1);
    if (file === undefined) {
      return { image_id: first + frame };
    }
    const { id = first + frame, name } = pictures.get(file) ?? { name: file };
    return { image_id: id, file_name: name };
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

function csvLine({ source, frame, pts, file = '' }: FrameDetections, detection: Detection): string {
  const { label, score, box, trackId = '' } = detection;
  const { xmin, ymin, xmax, ymax } = box;
  const place = [quoted(source), frame, pts];
  return [...place, quoted(label), score, xmin, ymin, xmax, ymax, trackId, quoted(file)].join(',');
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
