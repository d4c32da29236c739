import { clientMessages } from './clientSchema.ts';
import { serverMessages } from './schema.ts';

const names = (messages: object): string[] => Object.keys(messages);
const ref = (path: string): { readonly $ref: string } => ({ $ref: `#/${path}` });
const messagesOf = (messages: object): { readonly $ref: string }[] =>
  names(messages).map((name) => ref(`channels/v1/messages/${name}`));

const security = [ref('components/securitySchemes/token')];

/**
 * AsyncAPI 3.0 document of `/v1` and `/v1/pictures`, made of the same schemas as `schema.json`, as served at
 * `/v1/asyncapi.json`.
 */
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
  servers: {
    here: {
      host: '{host}',
      pathname: '{path}',
      protocol: 'ws',
      description: 'The server that this document comes from; wss where it has a certificate',
      variables: {
        host: { default: '127.0.0.1:8080', description: 'Its name or address, and its port' },
        path: { default: '', description: 'What a proxy has it below, such as /cam' },
      },
    },
  },
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
    pictures: {
      address: '/v1/pictures',
      description: 'Pictures of one source. The client sends nothing.',
      messages: { picture: ref('components/messages/picture') },
      bindings: {
        ws: {
          method: 'GET',
          query: {
            type: 'object',
            required: ['source'],
            properties: { source: { type: 'string', description: 'Name of the source' } },
          },
        },
      },
    },
  },
  operations: {
    // from the point of view of the server, as AsyncAPI has it
    tell: {
      ...{ action: 'send', channel: ref('channels/v1'), messages: messagesOf(serverMessages) },
      security,
    },
    ask: {
      ...{ action: 'receive', channel: ref('channels/v1'), messages: messagesOf(clientMessages) },
      security,
    },
    show: {
      ...{ action: 'send', channel: ref('channels/pictures') },
      ...{ messages: [ref('channels/pictures/messages/picture')], security },
    },
  },
  components: {
    messages: {
      ...Object.fromEntries(
        Object.entries({ ...serverMessages, ...clientMessages }).map(([name, payload]) => [
          name,
          { name, payload },
        ]),
      ),
      picture: {
        name: 'picture',
        contentType: 'application/octet-stream',
        description: '4 bytes of frame number, big-endian unsigned, then a JPEG',
        payload: { type: 'string', format: 'binary' },
      },
    },
    securitySchemes: {
      token: {
        type: 'http',
        scheme: 'bearer',
        description:
          'Where the server asks for tokens. Also as the subprotocol pix2seq-stream.token. and its base64url, and on /v1 as the first message.',
      },
    },
  },
};
