/**
 * COCO's 91 things in the order of their ids, from 1. Ten of them no picture of the 2017 edition is labelled
 * with; their tokens are never read, but keep the others in their places.
 */
export const COCO: readonly string[] = [
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
