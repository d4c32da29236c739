/** All of `DecoderChoice`. */
export const DECODERS = ['auto', 'wasm', 'native'] as const;
/** Which FFmpeg decodes: the program on the PATH, the built-in one, or the first that is there. */
export type DecoderChoice = (typeof DECODERS)[number];

/** All of `OnDamage`. */
export const ON_DAMAGE = ['stop', 'skip'] as const;
/** What becomes of a damaged video: it ends there, or goes on behind the damage. */
export type OnDamage = (typeof ON_DAMAGE)[number];

/** What is known of a video once its first frame is there. */
export interface VideoInfo {
  /** `images` for an animated picture, which FFmpeg does not read. */
  readonly decoder: 'wasm' | 'native' | 'images';
  /** Seconds; absent for streams. */
  readonly duration?: number;
  readonly framesPerSecond?: number;
}
