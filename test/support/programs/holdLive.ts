/** Plays a live source until it is killed, and tells its first frame: `holdLive.ts ADDRESS`. */
import { fromLive } from '../../../operators/sources/fromLive.ts';

const PATIENT = { stallSeconds: 600, openSeconds: 600 }; // nothing but our end may end the decoder
fromLive(process.argv[2] ?? '', { image: { size: 64, pad: 114 }, ...PATIENT }).subscribe(
  (frame) => {
    if (frame.index === 0) {
      process.stdout.write('first frame\n');
    }
    frame.close();
  },
);
