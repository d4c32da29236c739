import { STATUS_CODES } from 'node:http';
import type { ServerResponse } from 'node:http';

/** Why a request cannot be answered otherwise than by a number and a line. */
export class Answer extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

/**
 * Answers a request with a line of text.
 * @param text default: what the status means
 */
export function sendText(response: ServerResponse, status: number, text?: string): void {
  send(response, status, text ?? STATUS_CODES[status] ?? '', 'text/plain; charset=utf-8');
}

/** Answers a request with a value as JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  type: string = 'application/json',
): void {
  send(response, status, JSON.stringify(value), type);
}

function send(response: ServerResponse, status: number, body: string, type: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  });
  response.end(body);
}
