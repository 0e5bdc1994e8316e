/** Downloads a file over HTTP, with bounds on its size and on how long the server may be silent. */
import { messageOf, UserError } from '../../shared/errors.js';

export interface DownloadOptions {
  /** Refuse more bytes than this. */
  readonly limit: number;
  /** Refuse fewer bytes than this. Default 0. */
  readonly minimum?: number;
  /** Milliseconds without a byte after which the download has failed. Default 30,000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** Called with the bytes so far. */
  readonly onProgress?: (received: number) => void;
}

const DEFAULT_TIMEOUT = 30_000;

/** `text` as an address of the web. Throws `UserError` for anything else. */
export function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw new UserError(`expected an address that begins with http:// or https://, found ${JSON.stringify(text)}`, {
    exitCode: 2,
  });
}

/**
 * The bytes at `address`.
 * Throws `UserError` if the server cannot be reached, answers with an error, stops half-way or is silent for too long,
 * if the file is too large or too small, or if it leads from https to http.
 */
export async function download(address: string, options: DownloadOptions): Promise<Uint8Array> {
  const url = parseUrl(address);
  const stalled = new AbortController();
  const { timeout = DEFAULT_TIMEOUT, signal } = options;
  const alarm = setTimeout(() => stalled.abort(), timeout);
  try {
    const response = await fetch(url, {
      signal: signal === undefined ? stalled.signal : AbortSignal.any([stalled.signal, signal]),
    });
    requireAnswer(address, url, response, options.limit);
    return await readBody(address, response, options, () => alarm.refresh());
  } catch (error) {
    if (error instanceof UserError || signal?.aborted === true) throw error;
    throw failed(address, stalled.signal.aborted ? `the server was silent for ${timeout / 1000} s` : reasonOf(error));
  } finally {
    clearTimeout(alarm);
    stalled.abort(); // Lets go of a connection whose answer was not read to its end.
  }
}

function requireAnswer(address: string, url: URL, response: Response, limit: number): void {
  if (!response.ok) throw failed(address, `the server answered ${response.status} ${response.statusText}`.trim());
  if (url.protocol === 'https:' && !response.url.startsWith('https:')) {
    throw failed(address, 'it leads to an address without encryption');
  }
  if (Number(response.headers.get('content-length') ?? 0) > limit) throw tooLarge(address, limit);
}

async function readBody(
  address: string,
  response: Response,
  { limit, minimum = 0, onProgress }: DownloadOptions,
  onBytes: () => void,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let received = 0;
  for await (const chunk of response.body ?? []) {
    onBytes();
    received += chunk.length;
    if (received > limit) throw tooLarge(address, limit);
    chunks.push(chunk);
    onProgress?.(received);
  }
  if (received < minimum) throw failed(address, `expected ${minimum} bytes, found ${received}`);
  return Buffer.concat(chunks);
}

/** `fetch` hides the reason in the cause of its error. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? `${messageOf(error)}: ${messageOf(cause)}` : messageOf(error);
}

function failed(address: string, reason: string): UserError {
  return new UserError(
    `${address}: cannot be downloaded, ${reason} (check the address and the network, and try again)`,
  );
}

function tooLarge(address: string, limit: number): UserError {
  return new UserError(
    `${address}: expected at most ${limit} bytes, found more (this is another file: check the address)`,
  );
}
