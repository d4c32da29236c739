/** Tokens of a picture and how they lie. */
export interface PictureTokens {
  /** [B S, D], row by row of the picture. */
  readonly tokens: string;
  /** Rows of the grid, and columns; S is its square. */
  readonly gridSize: number;
}
