/** A web server on this machine that serves a model, and misbehaves when told to. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { store } from '../../models/mobilenet/generated.js';
import { generateNetwork } from '../../models/mobilenet/generated.js';
import { graphModel } from '../../models/mobilenet/generated-graph.js';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface ModelServer {
  /** The folder of the model. */
  readonly url: string;
  /** Paths that were asked for, with their queries. */
  readonly requests: string[];
  /** What is served in place of a file of the model. */
  readonly misbehave: Map<string, Answer>;
  readonly files: Map<string, Uint8Array>;
  close(): Promise<void>;
}

/** The files of a model as TensorFlow Hub has it. */
export function hubModel(version: 1 | 2, alpha: number, classes = 1001): Map<string, Uint8Array> {
  const options = { inputSize: -1, norms: 'fused', scalesInput: true, padding: 'same', pool: 'mean' } as const;
  const { topology, weights } = graphModel(generateNetwork(version, alpha, classes), options);
  const { json, files } = store('graph-model', topology, weights, { shardBytes: 700_001 });
  return new Map([['model.json', Buffer.from(JSON.stringify(json))], ...Object.entries(files)]);
}

export async function serve(files: Map<string, Uint8Array>): Promise<ModelServer> {
  const requests: string[] = [];
  const misbehave = new Map<string, Answer>();
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    const name = (request.url ?? '').split('?')[0]?.split('/').at(-1) ?? '';
    const answer = misbehave.get(name);
    const bytes = files.get(name);
    if (answer !== undefined) answer(request, response);
    else if (bytes === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/models/mobilenet`,
    requests,
    misbehave,
    files,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
