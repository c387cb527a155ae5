/** A request as the routes see it. */
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
  /** "https://127.0.0.1:port" */
  readonly endpoint: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: none. */
  readonly body?: unknown;
}

export const ok = (body: unknown): Answer => ({ status: 200, headers: {}, body });
