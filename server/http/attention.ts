import { EmptyError, TimeoutError, firstValueFrom, timeout } from 'rxjs';
import type { Observable } from 'rxjs';
import { PipelineError, toError } from '../../models/core/errors.ts';
import type { SourceAttention } from '../protocol/messages.ts';
import { Answer } from './reply.ts';

/** Time after which nobody waits for a model any more, ms. */
const LIMIT_MS = 30_000;

/**
 * Takes the requests for attention, one at a time: whoever comes meanwhile is sent away, and so the
 * frames of all sources wait for one more at the most. What was begun is finished, also for a client
 * that has left, or it could be begun again and again.
 * @param attentionOf undefined where a source cannot tell
 * @param onNotice told why an answer failed; the client is not, since the reason may name files
 * @returns asks for a source; rejects with an `Answer` of 404 or 503
 */
export function createAttentionDesk(
  attentionOf: (source: string) => Observable<SourceAttention> | undefined,
  onNotice: (text: string) => void,
): (source: string) => Promise<SourceAttention> {
  let isBusy = false;
  return async (source) => {
    const attention$ = attentionOf(source);
    if (attention$ === undefined) {
      throw new Answer(404, `${source} cannot tell where the model looks`);
    }
    if (isBusy) {
      throw new Answer(503, 'Somebody else is looking; try again');
    }
    isBusy = true;
    try {
      return await firstValueFrom(attention$.pipe(timeout(LIMIT_MS)));
    } catch (thrown) {
      if (thrown instanceof EmptyError || thrown instanceof TimeoutError) {
        throw new Answer(503, `No frame of ${source} came in time`);
      }
      if (thrown instanceof PipelineError && thrown.code === 'ERR_MODEL_LOAD') {
        throw new Answer(404, 'The model cannot tell where it looks: it has no attention.onnx');
      }
      onNotice(`The attention of ${source} could not be told: ${toError(thrown).message}`);
      throw new Answer(503, 'A frame could not be read; try again');
    } finally {
      isBusy = false;
    }
  };
}
