/** A class as `model.json` lists it. */
export interface Label {
  /** The data set's own. */
  readonly id: number;
  readonly name: string;
}

/**
 * COCO's 91 things in the order of their ids, from 1. Ten of them no picture of the 2017 edition is labelled
 * with; their tokens are never read, but keep the others in their places.
 */
const COCO: readonly string[] = [
  'person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light',
  'fire hydrant, street sign, stop sign, parking meter, bench, bird, cat, dog, horse, sheep',
  'cow, elephant, bear, zebra, giraffe, hat, backpack, umbrella, shoe, eye glasses',
  'handbag, tie, suitcase, frisbee, skis, snowboard, sports ball, kite, baseball bat',
  'baseball glove, skateboard, surfboard, tennis racket, bottle, plate, wine glass, cup, fork',
  'knife, spoon, bowl, banana, apple, sandwich, orange, broccoli, carrot, hot dog, pizza',
  'donut, cake, chair, couch, potted plant, bed, mirror, dining table, window, desk, toilet',
  'door, tv, laptop, mouse, remote, keyboard, cell phone, microwave, oven, toaster, sink',
  'refrigerator, blender, book, clock, vase, scissors, teddy bear, hair drier, toothbrush',
  'hair brush',
].flatMap((line) => line.split(', '));

/** Categories of Objects365. */
const NUM_OBJECTS365 = 365;

/**
 * The labels that a checkpoint was trained with, from id 1 on. Those of Objects365 go by their numbers, since
 * no file of the checkpoint names them.
 * @param dataset as the checkpoint's config names it
 */
export function labelsOf(dataset: string): readonly Label[] {
  if (/object(s)?_?365/i.test(dataset)) {
    return Array.from({ length: NUM_OBJECTS365 }, (_, i) => ({
      id: i + 1,
      name: `objects365 ${i + 1}`,
    }));
  }
  return COCO.map((name, i) => ({ id: i + 1, name }));
}
