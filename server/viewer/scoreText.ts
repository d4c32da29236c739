/** A score as the page shows it: never rounded up, so that the slider lets through what reads as much. */
export function scoreText(score: number): string {
  return (Math.floor(score * 100 + 1e-6) / 100).toFixed(2); // 0.29 * 100 is a little less than 29
}
