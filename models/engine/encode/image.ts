/**
 * Checks that a picture has the model's size.
 * @param image uint8 [S, S, 3]   @param size S, pixels
 * @throws RangeError that names both sizes
 */
export function expectImage(image: Uint8Array, size: number): void {
  if (image.length !== size * size * 3) {
    throw new RangeError(
      `Expected \`image\` to have shape [${size}, ${size}, 3], got ${image.length} bytes; ` +
        'give the source the model: fromVideo(file, { image: detector.model.image })',
    );
  }
}
