import { shownAddress } from '../../models/core/address.ts';
import { PipelineError } from '../../models/core/errors.ts';

const SLOW_CODE = 1013;
/** A connection that was lost without a closing handshake. */
const LOST_CODE = 1006;
/** What another attempt would not mend: broken framing or text, a wrong token or message, one that is too large. */
const FINAL_CODES: ReadonlySet<unknown> = new Set([1002, 1003, 1007, 1008, 1009]);
/** "Too many requests", the only refusal by HTTP 4xx that passes by itself. */
const TOO_MANY = 429;

/** How a connection ended. */
export interface Ending {
  /** WebSocket close code. Default 1006, lost. */
  readonly code?: number;
  readonly reason: string;
  /** Status of an HTTP answer in place of a WebSocket, where the socket tells it. */
  readonly httpStatus?: number | undefined;
}

/**
 * Says how a connection ended.
 * @returns ERR_CLIENT_SLOW where the server gave the client up as too slow, else ERR_CLIENT_PROTOCOL
 */
export function connectionError(address: string, ending: Ending): PipelineError {
  const { code = LOST_CODE, httpStatus } = ending;
  const reason = httpStatus === undefined ? ending.reason : `HTTP ${httpStatus}`;
  return new PipelineError(
    code === SLOW_CODE ? 'ERR_CLIENT_SLOW' : 'ERR_CLIENT_PROTOCOL',
    `Connection to ${shownAddress(address)} ended with ${code}${reason === '' ? '' : `: ${reason}`}`,
    { details: { closeCode: code, ...(httpStatus === undefined ? {} : { httpStatus }) } },
  );
}

/** Tells whether another attempt would end in the same way. */
export function isFinal(error: unknown): boolean {
  if (!(error instanceof PipelineError)) {
    return true; // a socket that cannot be made, or a fault of this package
  }
  const { closeCode, httpStatus } = error.details;
  const isRefused =
    typeof httpStatus === 'number' &&
    httpStatus >= 400 &&
    httpStatus < 500 &&
    httpStatus !== TOO_MANY;
  return closeCode === undefined || FINAL_CODES.has(closeCode) || isRefused;
}
