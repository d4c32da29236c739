/** What the operators use where an option is not given; the unit and range of each are at its config field. */
export const operatorDefaults: Readonly<{
  maxBuffered: number;
  rate: number;
  maxWaitSeconds: number;
  windowMs: number;
  minScore: number;
  minIou: number;
  maxMissedFrames: number;
  motionThreshold: number;
  maxStillSeconds: number;
}> = Object.freeze({
  maxBuffered: 64,
  rate: 1,
  maxWaitSeconds: 5,
  windowMs: 1_000,
  minScore: 0.3,
  minIou: 0.3,
  maxMissedFrames: 10,
  motionThreshold: 8,
  maxStillSeconds: 2,
});
