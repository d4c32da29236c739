import { clientMessages } from './clientSchema.ts';
import { serverMessages } from './schema.ts';

const names = (messages: object): string[] => Object.keys(messages);
const ref = (path: string): { readonly $ref: string } => ({ $ref: `#/${path}` });
const messagesOf = (messages: object): { readonly $ref: string }[] =>
  names(messages).map((name) => ref(`channels/v1/messages/${name}`));

/** AsyncAPI 3.0 document of `/v1`, made of the same schemas as `schema.json`, as served at `/v1/asyncapi.json`. */
export const asyncapi: Readonly<Record<string, unknown>> = {
  asyncapi: '3.0.0',
  info: {
    title: 'pix2seq-stream',
    version: '1',
    description:
      'Detections of video sources. JSON text; the subprotocol pix2seq-stream.v1.msgpack carries the same objects as MessagePack.',
    license: { name: 'Apache-2.0' },
  },
  defaultContentType: 'application/json',
  channels: {
    v1: {
      address: '/v1',
      messages: Object.fromEntries(
        names({ ...serverMessages, ...clientMessages }).map((name) => [
          name,
          ref(`components/messages/${name}`),
        ]),
      ),
      bindings: { ws: {} },
    },
  },
  operations: {
    // from the point of view of the server, as AsyncAPI has it
    tell: { action: 'send', channel: ref('channels/v1'), messages: messagesOf(serverMessages) },
    ask: { action: 'receive', channel: ref('channels/v1'), messages: messagesOf(clientMessages) },
  },
  components: {
    messages: Object.fromEntries(
      Object.entries({ ...serverMessages, ...clientMessages }).map(([name, payload]) => [
        name,
        { name, payload },
      ]),
    ),
    securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
  },
};
