/** Numbers of a graph that stay where they are until the graph is written. */
export interface Weight {
  /** Its name in the graph; of equal names there is one copy. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Reads them, row-major. **Owns:** the caller owns the array. */
  read(): Promise<Float32Array>;
}

/** The same numbers as another shape of the same size. */
export function reshaped(weight: Weight, shape: readonly number[]): Weight {
  return { ...weight, shape };
}

/** A weight times a factor; its name is `name`. */
export function scaled(name: string, weight: Weight, factor: number): Weight {
  return {
    name,
    shape: weight.shape,
    read: async () => (await weight.read()).map((value) => value * factor),
  };
}

/**
 * Several weights side by side along their last axis, so that one product makes all of them.
 * @param parts [.., N1], [.., N2], …, equal in their other axes; a vector counts as one row
 * @returns [.., N1 + N2 + …]
 */
export function sideBySide(name: string, parts: readonly Weight[]): Weight {
  const widths = parts.map(({ shape }) => shape.at(-1) ?? 1);
  const width = widths.reduce((sum, each) => sum + each, 0);
  const outer = parts[0]?.shape.slice(0, -1) ?? [];
  const numRows = outer.reduce((product, axis) => product * axis, 1);
  return {
    name,
    shape: [...outer, width],
    async read() {
      const all = new Float32Array(numRows * width);
      let column = 0;
      for (const [i, part] of parts.entries()) {
        const values = await part.read();
        const own = widths[i] ?? 1;
        for (let row = 0; row < numRows; row++) {
          all.set(values.subarray(row * own, (row + 1) * own), row * width + column);
        }
        column += own;
      }
      return all;
    },
  };
}
