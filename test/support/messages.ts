import { Compile } from 'typebox/schema';
import type { FrameDetections } from '../../models/index.ts';
import { schema } from '../../server/index.ts';
import * as assert from './assert.ts';
import { linesOf } from './program.ts';

/** A line of `detect`: a `frame` message without a subscription's id. */
export type FrameLine = FrameDetections & { readonly v: 1; readonly seq: number };

const published = Compile(JSON.parse(JSON.stringify(schema)));
const { properties } = (schema['$defs'] as { frame: { properties: Record<string, unknown> } })
  .frame;

/** Reads what `detect` wrote, and holds each line against the published schema. */
export function parseFrames(stdout: string): FrameLine[] {
  assert.ok(stdout === '' || stdout.endsWith('\n'), 'the last line is whole');
  return linesOf(stdout).map((line) => {
    const frame = JSON.parse(line) as FrameLine;
    assert.is(frame.type, 'frame');
    assert.ok(published.Check({ ...frame, id: 'a' }), `not in the schema: ${line}`);
    const unknown = Object.keys(frame).filter((key) => !Object.hasOwn(properties, key));
    assert.equal(unknown, [], 'fields that the schema does not know');
    return frame;
  });
}

/** A frame without what differs from run to run. */
export function timeless(frame: FrameLine): object {
  const { capturedAt: _, timing, ...rest } = frame;
  return { ...rest, timed: Object.keys(timing) };
}

/**
 * A frame's detections without what depends on the frames before: tracks, whether tokens are reused,
 * and the last digits of scores, since tokens computed together and one by one differ in these.
 */
export function trackless({ detections }: Pick<FrameDetections, 'detections'>): object[] {
  return detections.map((detection) => {
    const { trackId: _, slot: __, reused: ___, score: ____, ...rest } = detection;
    return rest;
  });
}
