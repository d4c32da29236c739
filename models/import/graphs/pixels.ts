import type { GraphBuilder } from '../onnx/graphBuilder.ts';

/** The padding's grey in bytes, the nearest to 0.3 of white. */
export const PAD_BYTE = 76;
/** The padding as the model was trained. */
const PAD = 0.3;

/**
 * Turns bytes into what the reference takes: channels in [0, 1] without mean and deviation, the padding at
 * 0.3, which no byte is. A row or a column that is `PAD_BYTE` all over counts as padding; where it is none,
 * it is half a grey level off.
 * @param image uint8 [B, S, S, 3]   @returns [B, 3, S, S]
 *
 * Source: google-research/pix2seq `data_utils.pad_image_to_max_size`
 */
export function pixels(graph: GraphBuilder, image: string): string {
  const bytes = graph.toReal(image);
  const unlike = graph.op('Abs', [graph.op('Sub', [bytes, graph.real(PAD_BYTE)])]);
  const [isRow, isColumn] = [2, 1].map((across) => {
    const most = graph.op('ReduceMax', [unlike, graph.whole([across, 3])]); // [B, S, 1, 1] or [B, 1, S, 1]
    return graph.op('Less', [most, graph.real(0.5)]);
  });
  const isPadding = graph.op('Or', [isRow ?? '', isColumn ?? '']);
  const unit = graph.op('Mul', [bytes, graph.real(1 / 255)]);
  const padded = graph.op('Where', [isPadding, graph.real(PAD), unit]);
  return graph.op('Transpose', [padded], { perm: [0, 3, 1, 2] });
}
