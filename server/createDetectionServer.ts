import type { Server } from 'node:http';
import { Server as TlsServer } from 'node:https';
import type { Subscription } from 'rxjs';
import type { Demand } from '../models/index.ts';
import { toError } from '../models/core/errors.ts';
import { Gate } from './access/authenticator.ts';
import { createAttentionDesk } from './http/attention.ts';
import { createCounters } from './hub/counters.ts';
import type { ServerStats } from './hub/counters.ts';
import { createHttpHandler } from './http/http.ts';
import { createHttpServer } from './http/httpServer.ts';
import { asksForSocket, ignoreUpgrade } from './http/ignoreUpgrade.ts';
import { listen } from './http/listen.ts';
import type { Listening } from './http/listen.ts';
import { Metrics } from './http/metrics.ts';
import { createPageGuard } from './access/originPolicy.ts';
import { resolveServerOptions } from './options/resolveServerOptions.ts';
import type { ServerOptions } from './options/serverOptions.ts';
import { packageVersion } from '../models/core/packageVersion.ts';
import { SocketDoor } from './clients/webSocketServer.ts';
import type { SourceFeed } from './hub/sourceFeed.ts';
import { SourceHub } from './hub/sourceHub.ts';
import { followTls } from './access/tls.ts';
import { readViewer } from './http/viewerFiles.ts';
import { resolveZones } from './filters/zones.ts';

/** A server that passes detections on to any number of clients. */
export interface DetectionServer extends AsyncDisposable {
  /** Address of the viewer, e.g. `http://127.0.0.1:8080/`. */
  readonly url: string;
  readonly port: number;
  /** Random per server; every `seq` counts within it. */
  readonly epoch: string;
  /**
   * Begins to pass a source on.
   * @returns unsubscribing removes the source and tells its clients that it has `ended`
   * @throws TypeError where the name is empty, RangeError where it is taken, Error after `close()`
   */
  attach(feed: SourceFeed): Subscription;
  /**
   * Tells what the clients want of a source now; to be asked before each of its frames.
   * Each subscription that matches the source wants its `classes`, `minScore` and `limit`, also while it
   * isn't due under `everyMs` and while its client is slow; who watches the pictures wants everything.
   * @returns each different wish once, the same list until something changes; empty where nobody wants
   *   anything, or there is no such source
   */
  demand(source: string): readonly Demand[];
  stats(): ServerStats;
  /**
   * Lets nobody in any more and says so at `/readyz` (503), so that what stands before the server looks for
   * another, while those who are in are served on. To be followed by `close()`.
   * @param limitMs settles after so long, ms, or as soon as the last client has gone, or at `close()`
   * @throws RangeError where the time is none
   */
  drain(limitMs: number): Promise<void>;
  /**
   * Detaches all sources, closes all clients with 1001, cuts off those that do not answer within a second. Idempotent.
   */
  close(): Promise<void>;
}

/**
 * Starts a server for detections: WebSockets at `/v1` and `/v1/pictures`, the viewer and reports over HTTP.
 * Clients may misbehave in any way; the sources never learn of it. The protocol is in `readme.md`.
 * @param options unknown ones are refused; defaults in {@link ServerOptions}
 * @throws TypeError or RangeError on wrong options
 * @throws PipelineError ERR_SERVER_LISTEN where the port is in use or not allowed
 * **Owns:** the caller owns the server, which owns its subscriptions to the feeds.
 */
export async function createDetectionServer(options?: ServerOptions): Promise<DetectionServer> {
  const resolved = resolveServerOptions(options);
  const version = await packageVersion();
  const viewer = await readViewer();
  const zones = resolveZones(resolved.zones);
  const gate = new Gate(resolved.auth, resolved.handshakeMs);
  const hub = new SourceHub(resolved);
  const counters = createCounters();
  const guard = createPageGuard(resolved, resolved.onNotice);
  const sockets = new SocketDoor({ hub, gate, guard, counters, options: resolved, version, zones });
  const metrics = new Metrics(hub, () => sockets.stats());
  let isClosing = false;
  const handler = createHttpHandler({
    gate,
    guard,
    metrics,
    viewer,
    ...{ host: resolved.host, origins: resolved.origins, manager: resolved.manager },
    notReady() {
      if (isClosing) {
        return 'the server is closing';
      }
      return resolved.isReady() ? undefined : 'the model is not loaded';
    },
    sources: () => hub.describe(),
    source: (name) => hub.describeOne(name),
    attention: createAttentionDesk((name) => hub.attentionOf(name), resolved.onNotice),
  });
  const { tls, onNotice } = resolved;
  const open = async (): Promise<Listening & { readonly http: Server }> => {
    const http = await createHttpServer(handler, tls);
    return { http, ...(await listen(http, resolved.host, resolved.port)) };
  };
  const { http, url, port } = await open().catch(async (thrown: unknown) => {
    metrics.close();
    await sockets.close();
    throw thrown;
  });
  const unfollow = tls && http instanceof TlsServer ? followTls(http, tls, onNotice) : undefined;
  http.on('upgrade', (request, socket, head) => {
    if (!asksForSocket(request)) {
      ignoreUpgrade(http, request, socket, head);
      return;
    }
    sockets.accept(request, socket, head).catch((thrown: unknown) => {
      socket.destroy();
      onNotice(`A connection could not be taken: ${toError(thrown).message}`);
    });
  });
  // No descriptors left, for one: the clients that are connected are not concerned.
  http.on('error', () => (counters.acceptErrors += 1));

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    isClosing = true;
    unfollow?.();
    closing ??= Promise.all([sockets.close(), closeHttp(http)]).then(() => undefined);
    hub.close(); // after the sockets began to close, which makes 1001 of it for picture clients too
    metrics.close();
    return closing;
  };
  return {
    url,
    port,
    epoch: sockets.epoch,
    attach: (feed) => hub.attach(feed),
    demand: (source) => hub.demandOn(source),
    async drain(limitMs) {
      const drained = sockets.drain(limitMs);
      isClosing = true;
      await drained;
    },
    stats: () => sockets.stats(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function closeHttp(http: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    http.close(() => resolve());
    http.closeAllConnections();
  });
}
